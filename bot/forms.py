"""What was typed into a form (Discord: modal).

Forms are known by their custom id and read from the interaction itself, because discord.py would
forget an open one at a restart.
"""

from __future__ import annotations

from typing import Any

from bot.escape import whole


def form_values(data: dict[str, Any]) -> dict[str, str]:
    """What was typed, by the fields' custom ids; ``data`` is that of the interaction.

    Half characters are replaced, as nothing can store them.
    """
    found: dict[str, str] = {}
    rest = list(data.get("components", []))
    while rest:
        component = rest.pop()
        if component.get("value") is not None:
            found[str(component["custom_id"])] = whole(str(component["value"]))
        # Rows hold a list of components, labels hold one.
        rest += component.get("components", [])
        rest += [component["component"]] if "component" in component else []
    return found
