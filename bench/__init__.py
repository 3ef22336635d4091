"""ml-connector beside two peers on the same work and the same sandbox: ``make bench``.

``works.py`` says what is done, ``runners/`` who does it and how, ``portal.py`` is the sandbox in a process of its own,
``measure.py`` looks at what was stored against what was claimed, ``report.py`` prints it.
"""
