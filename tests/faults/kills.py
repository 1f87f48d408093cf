"""Kill the local cloud, whole or in part, at moments drawn by chance, start it again, and see that nothing is lost.

    python -m tests.faults.kills --seed 1 --times 20

needs PUHUI_PORT and PUHUI_STATE of its own. Prints a line for each kill, then the slowest start; exit status 1 when something
that was acknowledged is gone, an audit finds anything, or a start fails.
"""

import argparse
import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from infra.build.contract import ROOT
from infra.local import demo, emulator, seed
from infra.local.processes import Processes
from infra.local.settings import Settings
from infra.local.witnesses import NAMES
from tests.support.bank import Bank

PROGRAMME, POINTS, PRICE = demo.PROGRAMME, 250, 100
WARM_SECONDS, READY_SECONDS, SOUND_SECONDS, STOP_SECONDS = 60, 400, 90, 120
FIRST_START_SECONDS, LATER_START_SECONDS, LOAD_SECONDS = 40.0, 1.5, 4.0  # within which the kill comes
PHOTO_DAYS = 30  # so far back acts may lie; four trips a day need no person
VICTIMS = ("emulator", "run", "witness", "group")
MOMENTS = ("start", "idle", "load")


class Lost(Exception):
    """Something that was acknowledged is gone, or the cloud does not come back."""


@dataclass
class Books:
    """What clients were told. ``asked`` counts what may have happened, too."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    opening: dict[str, int] = field(default_factory=dict)  # points before anything was asked
    given: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    given_asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    bought: dict[str, dict[str, str]] = field(
        default_factory=lambda: defaultdict(dict)
    )  # member: key: redemption
    buys_asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    verifying: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class Cloud:
    """``python -m infra.local serve`` as a process that can be killed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.processes = Processes(settings.state)
        self.run: subprocess.Popen[bytes] | None = None
        self.life = 0

    def begin(self) -> None:
        with (self.settings.state.parent / f"{self.settings.state.name}.log").open("ab") as log:
            command = [sys.executable, "-m", "infra.local", "serve"]
            self.run = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    def start(self) -> float:
        """Seconds until it serves; one that runs already is waited for."""
        started = time.monotonic()
        if self.run is None or self.run.poll() is not None:
            self.begin()
        while time.monotonic() - started < READY_SECONDS:
            if self.run is None or self.run.poll() is not None:
                raise Lost("it does not start again")
            if self._ready():
                self.life += 1
                return time.monotonic() - started
            time.sleep(0.1)
        raise Lost("it does not become ready")

    def _ready(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.settings.url}/health", trust_env=False, timeout=5).status_code == 200
        return False

    def serving(self) -> bool:
        return self.run is not None and self.run.poll() is None and self._ready()

    def kill(self, victim: str, chance: random.Random) -> str:
        """Who was killed in the end: what does not run yet cannot be."""
        names = {"witness": [f"witness-{chance.choice(NAMES)}"], "emulator": ["emulator"]}.get(victim, [])
        if victim == "group":
            names = ["emulator", "sam", *(f"witness-{name}" for name in NAMES)]
        pids = []
        for name in names:
            with contextlib.suppress(OSError, ValueError):
                pids.append(json.loads(self.processes.record(name).read_text())["pid"])
        if victim in ("run", "group") or not pids:
            assert self.run is not None
            pids.append(self.run.pid)
            victim = victim if victim == "group" else "run"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if victim == "group" else os.kill)(pid, signal.SIGKILL)
        return victim

    def stop(self) -> None:
        if self.run and self.run.poll() is None:
            self.run.send_signal(signal.SIGTERM)
            self.run.wait(STOP_SECONDS)

    def reset(self) -> None:
        self.stop()
        subprocess.run(
            [sys.executable, "-m", "infra.local", "reset"], cwd=ROOT, check=True, capture_output=True
        )
        self.life = 0

    def endpoint(self) -> str:
        return str(httpx.get(f"{self.settings.url}/health", trust_env=False).json()["emulator"])


class Load:
    """Members who are given points and spend them, and photos that are verified, until the cloud does not answer."""

    def __init__(self, cloud: Cloud, books: Books, round_: str) -> None:
        self._cloud, self._books, self._round = cloud, books, round_
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._guarded, args=(work, openid), daemon=True)
            for work, openid in (
                (self._give, "demo-member-1"),
                (self._give, "demo-member-2"),
                (self._buy, "demo-member-1"),
                (self._buy, "demo-member-2"),
                (self._photos, "demo-member-3"),
            )
        ]

    def start(self) -> None:
        """Returns once it is in full swing."""
        for thread in self._threads:
            thread.start()
        deadline = time.monotonic() + WARM_SECONDS
        while not (self._books.given and self._books.bought) and time.monotonic() < deadline:
            time.sleep(0.1)

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            if thread.ident:
                thread.join(60)

    def _guarded(self, work: Callable[[demo.Person], None], openid: str) -> None:
        url = self._cloud.settings.url
        with (
            contextlib.suppress(Exception),  # whatever a client meets when its cloud dies
            httpx.Client(base_url=url, timeout=20, trust_env=False) as api,
        ):
            work(demo.Person(api, openid))

    def _open(self, me: demo.Person) -> str:
        member = str(me.member["id"])
        with self._books.lock:
            if member not in self._books.opening:
                self._books.opening[member] = _points(me)
        return member

    def _give(self, me: demo.Person) -> None:
        bank, member = Bank(self._cloud.endpoint()), self._open(me)
        while not self._over.is_set():
            self._books.given_asked[member] += POINTS
            bank.give(member, PROGRAMME, POINTS)
            self._books.given[member] += POINTS

    def _buy(self, me: demo.Person) -> None:
        member = self._open(me)
        for number in itertools.count():
            if self._over.is_set():
                return
            key = f"{self._round}-{number}"
            self._books.buys_asked[member] += 1
            with contextlib.suppress(demo.DayWentWrong):  # too few points as yet
                order = {"reward_id": seed.COFFEE["id"], "quantity": 1}
                self._books.bought[member][key] = me.send("POST", "/redemptions", order, 201, key=key)["id"]

    def _photos(self, me: demo.Person) -> None:
        me.send("PUT", "/me/consents/photos", {"granted": True, "version": "2026-11"}, 200)
        for days in range(PHOTO_DAYS):
            if self._over.is_set():
                return
            picture, hours = demo.photo(time.time_ns()), 24 * days + self._cloud.life % 4 * 5 + 1
            with contextlib.suppress(demo.DayWentWrong):  # told of in an earlier life
                act = demo.act(me, "subway_trip", {"trips": 1}, hours, picture)
                self._books.verifying[me.openid].append(act)


def check(cloud: Cloud, books: Books) -> str:
    """Everything that was acknowledged is there, all that was under way ends, the audits find nothing. Raises Lost."""
    with httpx.Client(base_url=cloud.settings.url, timeout=60, trust_env=False) as api:
        people = {
            openid: demo.Person(api, openid) for openid in ("demo-member-1", "demo-member-2", "demo-member-3")
        }
        for openid, acts in books.verifying.items():
            for act in acts:
                demo.until(f"the end of {act}", lambda act=act, who=people[openid]: _ended(who, act))
        for person in people.values():
            _check_member(person, books)
    functions = emulator.client(cloud.endpoint(), "lambda")
    ledger = seed.invoke(functions, "audit-ledger", {}, "the audit")
    if not ledger["sound"]:
        raise Lost(f"the ledger: {ledger}")
    deadline = time.monotonic() + SOUND_SECONDS
    while not (journal := seed.invoke(functions, "audit-journal", {}, "the journal's audit"))["sound"]:
        if time.monotonic() > deadline:
            raise Lost(f"the journal: {journal}")
        time.sleep(1)
    return f"{ledger['transfers']} transfers, {journal['entries']} entries"


def _ended(person: demo.Person, act: str) -> bool:
    return bool(person.get(f"/activities/{act}")["status"] != "verifying")


def _check_member(person: demo.Person, books: Books) -> None:
    member = person.member["id"]
    for key, redemption in books.bought[member].items():
        person.get(f"/redemptions/{redemption}")
        order = {"reward_id": seed.COFFEE["id"], "quantity": 1}
        if person.send("POST", "/redemptions", order, 201, key=key)["id"] != redemption:
            raise Lost(f"the redemption under {key} was made again")
    if member not in books.opening:
        return
    points = _points(person) - books.opening[member]
    least = books.given[member] - PRICE * books.buys_asked[member]
    most = books.given_asked[member] - PRICE * len(books.bought[member])
    if not least <= points <= most:
        raise Lost(f"{member} has {points} points more than before, not {least} to {most}")


def _points(person: demo.Person) -> int:
    found = person.get("/me/balances")["items"]
    return sum(each["points"] for each in found if each["programme_id"] == PROGRAMME)


def trial(
    cloud: Cloud, books: Books, chance: random.Random, plan: tuple[bool, str, str], name: str
) -> tuple[float, str]:
    """Kill, start again, check. Seconds of the start, and what was found."""
    first, moment, victim = plan
    if first:
        cloud.reset()
        books.__init__()  # type: ignore[misc]  # a new world
    elif moment == "start":
        cloud.stop()
    if moment == "start":
        cloud.begin()
        time.sleep(chance.uniform(0, FIRST_START_SECONDS if first else LATER_START_SECONDS))
    elif not cloud.serving():
        cloud.start()
    load = Load(cloud, books, name)
    if moment == "load":
        load.start()
        time.sleep(chance.uniform(0, LOAD_SECONDS))
    killed = cloud.kill(victim, chance)
    took = 0.0
    if killed != "witness":
        assert cloud.run is not None
        cloud.run.wait(STOP_SECONDS)
        load.stop()
        took = cloud.start()
    else:
        time.sleep(2)  # it is started again on the spot
        load.stop()
        if not cloud.serving():
            took = cloud.start()
    return took, f"killed {killed}; {check(cloud, books)}"


def plans(times: int, lives: str, chance: random.Random) -> list[tuple[bool, str, str]]:
    """Every victim at every moment of a later life, most in a first life, in an order drawn by chance."""
    later: list[tuple[bool, str, str]] = [(False, moment, victim) for moment in MOMENTS for victim in VICTIMS]
    first = [
        (True, moment, victim)
        for moment in ("start", "load")
        for victim in ("run", "emulator", "group", "witness")
    ]
    chance.shuffle(later)
    chance.shuffle(first)
    both = [each for pair in itertools.zip_longest(first, later) for each in pair if each]
    wanted = {"first": first, "later": later, "both": both}[lives]
    return list(itertools.islice(itertools.cycle(wanted), times))


def main(arguments: Any = None) -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--times", type=int, default=20)
    options.add_argument("--lives", choices=("first", "later", "both"), default="both")
    given = options.parse_args(arguments)
    chance, cloud, books = random.Random(given.seed), Cloud(Settings.from_environment()), Books()
    slowest: dict[bool, float] = {}
    lost = 0
    for number, plan in enumerate(plans(given.times, given.lives, chance), 1):
        first, moment, victim = plan
        begun = time.monotonic()
        try:
            took, what = trial(cloud, books, chance, plan, f"k{given.seed}-{number}")
            kind = first and moment == "start"  # nothing was deployed yet
            slowest[kind] = max(slowest.get(kind, 0), took)
        except (Lost, demo.DayWentWrong) as error:
            took, what, lost = 0, f"LOST: {error}", lost + 1
        life = "first" if first else "later"
        print(
            f"{number:3} {life} life, {moment}, {victim}: again in {took:.1f} s; {what} ({time.monotonic() - begun:.0f} s)",
            flush=True,
        )
    cloud.stop()
    told = {"nothing deployed yet": slowest.get(True, 0.0), "deployed": slowest.get(False, 0.0)}
    print(
        "slowest start: " + ", ".join(f"{what} {seconds:.1f} s" for what, seconds in told.items()),
        f"lost: {lost}",
    )
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
