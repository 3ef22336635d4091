"""ml-connector beside two peers on the same work, and what it promises, tried on the same sandbox: ``make bench``.

``works.py`` says what is done, ``runners/`` who does it and how, ``portal.py`` is the sandbox in a process of its own,
``measure.py`` looks at what was stored against what was claimed. ``goals.py`` and ``size.py`` try the figures that were
asked for; ``job.py`` is ml-connector's Dagster job, measured. ``report.py`` prints both tables.
"""
