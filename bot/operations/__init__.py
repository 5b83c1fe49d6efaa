"""What commands may change, each as one operation at the desk of the service (or of the command).

One file a group; each names its operations in `OPERATIONS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.operations import (
    broadcasts,
    cases,
    directory,
    duty,
    enrolment,
    office,
    records,
    referral,
    rules,
    schools,
    sessions,
    staff,
    tags,
    templates,
)
from bot.operations.desk import Desk, Operation, OperationRefused

__all__ = ["OPERATIONS", "Desk", "OperationRefused"]

OPERATIONS: Final[Mapping[str, Operation]] = {
    operation.__name__: operation
    for group in (
        office,
        broadcasts,
        schools,
        sessions,
        rules,
        enrolment,
        tags,
        templates,
        directory,
        duty,
        referral,
        staff,
        cases,
        records,
    )
    for operation in group.OPERATIONS
}
