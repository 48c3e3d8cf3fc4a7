"""What may be asked of the readers, without importing them."""

PII = ("redact", "keep")
UNLABELLED = ("keep", "drop")
OF_MESSAGES = {"label": "", "unlabelled": "keep", "pii": "redact"}
OF_PREFERENCES = {"pii": "redact", "orders": "", "phones": ""}
PREFERENCE_SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
OF_CHATS = {"pii": "redact", "orders": "", "phones": "", "macros": 10}
WITHOUT_LABEL = "Say where the intent is (--read label=FIELD, custom_field:ID or tag:PREFIX)"
