"""A folder of articles that a test writes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ContentFolder:
    """A folder of articles that a test writes."""

    path: Path

    def write(self, name: str, *paragraphs: str, title: str = "Lamps", **head: str) -> Path:
        """Write an English article of ``paragraphs``; ``head`` are further lines of the front
        matter."""
        lines = {"title": title, "language": "en", **head}
        front = "".join(f"{key}: {value}\n" for key, value in lines.items())
        body = "\n\n".join(paragraphs)
        return self.write_raw(name, f"---\n{front}---\n\n{body}\n")

    def write_raw(self, name: str, content: str | bytes) -> Path:
        """Write a file as it is."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path
