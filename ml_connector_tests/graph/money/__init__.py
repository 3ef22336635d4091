"""The money end to end: from a company's books to a portal's invoices, in real runs."""
