"""The pretended company's bookkeeping: what it sold, was paid, bought and posted, consistent to the cent.

Nothing here knows the shape of an API; ``sandbox/visma`` writes these facts as rows.
"""
