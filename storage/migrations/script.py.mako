"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "${up_revision}"
down_revision = ${'None' if down_revision is None else '"%s"' % down_revision}

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """The change."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """There is no way back in place: restore the backup made before the upgrade."""
    raise NotImplementedError("restore the backup made before the upgrade")
