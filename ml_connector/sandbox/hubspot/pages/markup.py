"""HTML that cannot forget to escape: text becomes markup only through :func:`tag`."""

import html


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | Markup | None
VOID = frozenset({"input", "link", "meta", "br"})


def safe(child: Child) -> str:
    """Return a child as HTML: plain text is escaped, None is nothing."""
    if child is None:
        return ""
    return child if isinstance(child, Markup) else html.escape(child)


def tag(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """Return an element.

    Attribute names lose a trailing ``_`` and have ``_`` turned into ``-`` (``class_``, ``data_label``); None and False
    leave one out, True writes it without a value.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        shown = key.rstrip("_").replace("_", "-")
        parts.append(shown if value is True else f'{shown}="{html.escape(str(value))}"')
    opened = f"<{' '.join(parts)}>"
    if name in VOID:
        return Markup(opened)
    return Markup(f"{opened}{''.join(map(safe, children))}</{name}>")


def joined(*children: Child) -> Markup:
    """Return children one after the other."""
    return Markup("".join(map(safe, children)))
