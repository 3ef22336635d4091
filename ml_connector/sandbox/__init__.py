"""A believable Visma company and a believable HubSpot portal on one loopback port.

Part of the product: the demo, the tests and the benchmarks run against it. It is as unforgiving as the real APIs are
where that is known (reference: visma, hubspot). ``server.py`` runs it, ``settings.py`` says what can be set.
"""
