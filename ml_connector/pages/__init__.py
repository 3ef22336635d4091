"""HTML documents: templates that hold the words, one style sheet, and what makes a page of them. Knows no ledger."""
