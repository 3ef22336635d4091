"""Reading Visma.net ERP: what can be read, how it pages, its traps. Works anywhere, also in a notebook.

>>> from datetime import datetime
>>> from ml_connector.visma import VismaClient, VismaCredentials
>>> client = VismaClient(VismaCredentials.from_environment())  # doctest: +SKIP
>>> for page in client.changed("customers", since=datetime(2026, 11, 1)):  # doctest: +SKIP
...     print(len(page), page[0].key)
"""

from ml_connector.visma.auth import VismaCredentials
from ml_connector.visma.client import VismaClient, visma_transport
from ml_connector.visma.entities import ENTITIES, Entity, Paging
from ml_connector.visma.gate import RateLimits
from ml_connector.visma.rows import Row, parse_row
from ml_connector.visma.stamps import ClockProbe, ClockVerdict, judge_clock
from ml_connector.visma.warnings import ReadWarning, WarningKind

__all__ = [
    "ENTITIES",
    "ClockProbe",
    "ClockVerdict",
    "Entity",
    "Paging",
    "RateLimits",
    "ReadWarning",
    "Row",
    "VismaClient",
    "VismaCredentials",
    "WarningKind",
    "judge_clock",
    "parse_row",
    "visma_transport",
]
