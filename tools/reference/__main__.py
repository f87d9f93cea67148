"""Write the generated pages and parts, and print the names of the files that changed."""

from __future__ import annotations

from tools.reference.pages import FOLDER, KINDS, ROOT, pages


def main() -> None:
    """Write every page that differs, and remove the page of a kind that is gone."""
    wanted = pages()
    for path in sorted((FOLDER / KINDS).glob("*.md")):
        if path not in wanted:
            path.unlink()
            print(f"{path.relative_to(ROOT)}: removed")
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)}: written")


if __name__ == "__main__":
    main()
