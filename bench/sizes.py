"""The databases of several sizes that pages and searches are measured on, made once a run.

Only read from then on, so nothing is copied.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bench import sized
from bench.child import call
from bench.imports import Bench

SIZES = (10_000, 100_000, 1_000_000)


@dataclass
class Sizes:
    """The databases of one kind, by how many customers they have."""

    ground: Bench
    sizes: tuple[int, ...]
    urls: dict[int, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make them, each by the code of `crm seed`."""
        until = sized.today()
        for size in self.sizes:
            url = self.ground.databases.new(f"customers{size}")
            told = call("bench.sized:prepare", url=url, folder=self.ground.own(f"{size}"),
                        customers=size, until=until)  # fmt: skip
            self.ground.databases.settle(url)
            self.ground.keep(f"seeding {size}", told)
            self.urls[size] = url
        seconds = self.ground.results.raw[self.ground.databases.name][f"seeding {size}"]["seconds"]
        self.ground.add(f"seeding {size:,} customers", seconds, unit="s")

    @property
    def smallest(self) -> int:
        return min(self.urls)

    @property
    def largest(self) -> int:
        return max(self.urls)

    @property
    def folder(self) -> str:
        """Where the apps keep what is theirs."""
        return str(self.ground.own("pages"))
