"""What may be asked of the readers, without importing them."""

BY = ("paragraph", "item", "document")
MISSING = ("refuse", "leave-out")
TURNS = ("turn", "paragraph", "call")
PARTS = ("prepared", "questions")
ROLES = ("operator", "management", "analyst", "unknown")
OF_FILINGS = {"by": "paragraph", "items": "", "form": "auto", "missing": "refuse", "encoding": "auto"}
OF_CALLS = {"by": "turn", "part": "", "role": "", "encoding": "auto"}
# What predictions tell of the place of a row beside its label.
_PLACE: dict[str, type] = {"start": int, "end": int, "text": str}
TOLD_OF_FILINGS: dict[str, type] = {"filing": str, "item": str, "path": str, "kind": str, **_PLACE}
TOLD_OF_CALLS: dict[str, type] = {"call": str, "speaker": str, "role": str, "part": str, "turn": int, **_PLACE}
