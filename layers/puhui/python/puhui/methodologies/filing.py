"""What a document goes through when it is filed: it is checked, and what looks odd is told. Only the functions that file load
this: it brings the schema library. Documents are held against what the table holds now: what acts may know for minutes is asked
again."""

from typing import Any

from puhui.methodologies import plausibility, registry
from puhui.methodologies.plausibility import Warning_
from puhui.methodologies.publication import check_document, check_record


def methodology(document: Any) -> list[Warning_]:
    """What looks odd in a methodology. Raises DocumentInvalid."""
    return plausibility.of_methodology(check_document(document))


def factor(record: Any) -> list[Warning_]:
    """What looks odd in a factor's record. Raises DocumentInvalid."""
    made = check_record(record)
    registry.ask_again()
    return plausibility.of_factor(made, registry.records_of(made.quantity))
