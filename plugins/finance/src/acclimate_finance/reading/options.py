"""What may be asked of the readers, without importing them."""

BY = ("paragraph", "item", "document")
MISSING = ("refuse", "leave-out")
TURNS = ("turn", "paragraph")
PARTS = ("prepared", "questions")
ROLES = ("operator", "management", "analyst", "unknown")
OF_FILINGS = {"by": "paragraph", "items": "", "form": "auto", "missing": "refuse", "encoding": "auto"}
OF_CALLS = {"by": "turn", "part": "", "role": "", "encoding": "auto"}
