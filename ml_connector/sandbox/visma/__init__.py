"""The Visma half of the sandbox: tokens, lists, details, limits and error bodies (reference: visma).

Tests change its data through :class:`VismaSandbox`; a connector only ever sees HTTP.
"""

from ml_connector.sandbox.visma.sandbox import VismaSandbox

__all__ = ["VismaSandbox"]
