"""Load a manifest folder as it was in a commit, without a second checkout."""

from __future__ import annotations

from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.manifests.changed import check_submodules, files_before
from reconciler.manifests.corpus import Corpus
from reconciler.manifests.documents import Manifests
from reconciler.manifests.files import SourceFile
from reconciler.manifests.git import WHERE, Differences
from reconciler.manifests.loading import Loading, add_source, finish
from reconciler.manifests.report import Report


def load_before(root: Path, found: Differences, *, workspace: str | None = None) -> Manifests:
    """Return the documents of a folder as they were in a commit: the present files, with the old texts that differ.

    Raises `ReconcilerError` if links or submodules differ, and `ManifestError` if the manifests of the commit are not
    valid.
    """
    corpus = Corpus(root)
    check_submodules(corpus, found)
    if found.links:
        raise ReconcilerError(
            f"{found.links[0]} is a symbolic link that has changed, and the files behind it are not known",
            where=WHERE,
            advice="Leave --changed-since out.",
        )
    before = files_before(corpus, found)
    sources: dict[str, SourceFile] = {}
    loading = Loading(Report(sources))
    loading.report.ready += [each.diagnostic for name, each in corpus.unreadable.items() if name not in before]
    for name in [*corpus.found, *(each for each in before if each not in corpus.found)]:
        source = before[name] if name in before else corpus.sources.get(name)
        if source is not None:
            sources[name] = source
            known = corpus.found.get(name)
            add_source(source, loading, first_name=None if known is None else known.first_name)
    return finish(loading, root, workspace)
