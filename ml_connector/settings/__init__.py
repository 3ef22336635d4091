"""The typed settings of a connection: what its owner writes in ``defs.yaml``, with the meaning of every field.

Nothing here reads a file or a database, and only :mod:`ml_connector.settings.hosts` the environment. Credentials are
never settings.
"""

from ml_connector.settings.connection import ConnectionSettings, RecordKind

__all__ = ["ConnectionSettings", "RecordKind"]
