"""A member's day, played through the API and explained on the screen; ends with the member's own receipt, checked with
puhui-verify, and with the audits of the ledger and the journal."""

import hashlib
import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw
from rich.console import Console

from infra.build.contract import ROOT
from infra.local import emulator, seed
from infra.local.seed import COFFEE

PROGRAMME = "carbon-88"
BIKES = "demo-bike"
COLA = "carbon-88-cola-12"
HOME = {"recipient": "陈小满", "phone": "13800000000", "address": "示范路 1 号"}
NOTICE = "puhui-activity-result"
CHINA_HOURS = 8
VERIFICATION_SECONDS = 60
LAYER = ROOT / "layers/puhui/python"
RECEIPT_SECONDS = 10  # from act to receipt
Audit = Callable[[], dict[str, Any]]


class DayWentWrong(Exception):
    """The day did not go as it should; the message says where and how."""


class Person:
    """Somebody who is signed in."""

    def __init__(self, api: httpx.Client, openid: str) -> None:
        self.api = api
        self.openid = openid
        code = control(api, "login-codes", openid=openid)["code"]
        session = self._checked(api.post("/v1/sessions", json={"code": code, "programme_id": PROGRAMME}), 201)
        self.member = session["member"]
        self._headers = {"Authorization": f"Bearer {session['access_token']}", "Accept-Language": "en"}

    def get(self, path: str, language: str = "en", **params: Any) -> dict[str, Any]:
        """The answer of a GET that must succeed."""
        headers = {**self._headers, "Accept-Language": language}
        return self._checked(self.api.get(f"/v1{path}", headers=headers, params=params), 200)

    def send(
        self, method: str, path: str, body: dict[str, Any], status: int, key: str = ""
    ) -> dict[str, Any]:
        """The answer of a request that must end with ``status``."""
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
        return self._checked(self.api.request(method, f"/v1{path}", headers=headers, json=body), status)

    @staticmethod
    def _checked(response: httpx.Response, status: int) -> dict[str, Any]:
        if response.status_code != status:
            message = (
                f"{response.request.method} {response.request.url.path}: {response.status_code}, not {status}"
            )
            raise DayWentWrong(f"{message}: {response.text[:400]}")
        body: dict[str, Any] = response.json() if response.content else {}
        return body


def control(api: httpx.Client, action: str, **body: Any) -> dict[str, Any]:
    """Tell the WeChat stand-in what the member's phone would do."""
    response = api.post(f"/_wechat/_standin/{action}", json=body)
    if response.status_code >= 400:
        raise DayWentWrong(f"the WeChat stand-in refused {action}: {response.text[:200]}")
    answer: dict[str, Any] = response.json() if response.content else {}
    return answer


def newcomer(api: httpx.Client, nickname: str) -> str:
    """The openid of a new user of WeChat whom the operator has brought over as a member of some months: what the phone
    tells of yesterday would otherwise lie before the first day."""
    openid: str = control(api, "users", nickname=nickname)["openid"]
    seed.invoke(_functions(str(api.base_url)), "assign-roles", seed.person(openid), "bringing a member over")
    return openid


@cache
def _functions(url: str) -> Any:
    """The functions of the deployment behind a friendly port."""
    health = httpx.get(f"{url.rstrip('/')}/health", trust_env=False).raise_for_status().json()
    return emulator.client(health["emulator"], "lambda")


def photo(number: int) -> bytes:
    """A picture that nobody sent before: shapes drawn by chance, saved as JPEG."""
    chance = random.Random(number)  # noqa: S311 a drawing, not a secret
    image = Image.new("RGB", (960, 720), (chance.randrange(256), chance.randrange(256), 200))
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = chance.randrange(900), chance.randrange(680)
        box = (x, y, x + chance.randrange(30, 300), y + chance.randrange(30, 200))
        draw.rectangle(box, fill=chance.randrange(0xFFFFFF))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()


def upload(person: Person, data: bytes) -> str:
    """Announce a picture, upload it straight to the bucket, and name it."""
    announced = {"content_type": "image/jpeg", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    prepared = person.send("POST", "/evidence", announced, 201)
    target = prepared["upload"]
    response = httpx.post(
        target["url"], data=target["fields"], files={"file": ("photo.jpg", data, "image/jpeg")}
    )
    if response.status_code not in (200, 201, 204):
        raise DayWentWrong(f"the upload was refused: {response.status_code} {response.text[:200]}")
    evidence_id: str = prepared["evidence_id"]
    return evidence_id


def act(person: Person, behaviour: str, quantity: dict[str, int], hours_ago: int, data: bytes | None) -> str:
    """Record an act that happened some hours ago; its id."""
    body: dict[str, Any] = {
        "programme_id": PROGRAMME,
        "behaviour": behaviour,
        "occurred_at": (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat(timespec="seconds"),
        "quantity": quantity,
    }
    if data is not None:
        body["evidence_ids"] = [upload(person, data)]
    recorded = person.send("POST", "/activities", body, 202 if data is not None else 201)
    activity_id: str = recorded["id"]
    return activity_id


def until(what: str, look: Callable[[], Any]) -> Any:
    """What ``look`` finds, once it finds something."""
    deadline = time.monotonic() + VERIFICATION_SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.3)
    raise DayWentWrong(f"{what} did not happen within {VERIFICATION_SECONDS} seconds")


def ended(person: Person, activity_id: str, status: str) -> dict[str, Any]:
    """The activity once its verification has ended, which must be with ``status``."""

    def look() -> dict[str, Any] | None:
        activity = person.get(f"/activities/{activity_id}")
        return activity if activity["status"] != "verifying" else None

    activity: dict[str, Any] = until(f"the verification of {activity_id}", look)
    if activity["status"] != status:
        raise DayWentWrong(f"{activity['behaviour']} ended as {activity['status']}, not {status}: {activity}")
    return activity


def grams(milligrams: int) -> str:
    """Milligrams as grams, exactly."""
    whole, part = divmod(milligrams, 1000)
    return f"{whole}.{part:03}".rstrip("0").rstrip(".") + " g"


def play(base_url: str, console: Console, audit: Audit, audit_journal: Audit) -> bool:
    """Play the day; whether it went as it should. The reason stands on the screen otherwise."""
    with httpx.Client(base_url=base_url, timeout=30) as api:
        try:
            _play(api, console)
            _audit(console, audit())
            _audit_journal(console, audit_journal())
        except (DayWentWrong, httpx.HTTPError) as error:
            console.print(f"[bold red]The day did not go as it should:[/] {error}")
            return False
    return True


def _play(api: httpx.Client, console: Console) -> None:
    started = time.time_ns()
    openid = newcomer(api, "小普")
    me, verifier = Person(api, openid), Person(api, "demo-verifier")
    console.print(f" 1. Signed in with WeChat as member {me.member['id']}")
    for purpose in ("steps", "photos"):
        me.send("PUT", f"/me/consents/{purpose}", {"granted": True, "version": "2026-11"}, 200)
    control(api, "subscriptions", openid=openid, template_id=NOTICE, accepts=10)
    console.print(
        " 2. Consented to steps and photos, each for its own purpose; accepted messages about results"
    )
    _steps(api, me, console)
    _photos(api, me, verifier, started, console)
    _account(me, console)
    _cola(me, console)
    _coffee(me, Person(api, "demo-merchant"), console)
    _receipt(api, me, console)


def _steps(api: httpx.Client, me: Person, console: Console) -> None:
    today = (datetime.now(UTC) + timedelta(hours=CHINA_HOURS)).date()
    own = 6000 + time.time_ns() % 1997  # nobody walks as another does
    walked = [{"date": (today - timedelta(days=n)).isoformat(), "step": own + 137 * n} for n in range(1, 31)]
    data = control(api, "werun", openid=me.openid, steps=walked)
    synced = me.send(
        "POST", "/steps", {"programme_id": PROGRAMME, "include_earlier": True, **data}, 200, key="steps-1"
    )
    days = sum(1 for day in synced["days"] if day["points"])
    console.print(
        f" 3. Synced 30 days of steps: {days} days counted, {synced['points']} points; steps never make credits"
    )
    again = me.send(
        "POST", "/steps", {"programme_id": PROGRAMME, "include_earlier": True, **data}, 200, key="steps-2"
    )
    if again["points"]:
        raise DayWentWrong("the same steps were counted twice")
    console.print("    The same steps again: nothing more")


def _photos(api: httpx.Client, me: Person, verifier: Person, first: int, console: Console) -> None:
    subway = ended(me, act(me, "subway_trip", {"trips": 1}, 5, photo(first)), "credited")
    console.print(
        f" 4. Subway trip by photo: verified, {grams(subway['credits_mg'])}, {subway['points']} points"
    )
    lights = ended(me, act(me, "lights_off", {"times": 1}, 4, photo(first + 1)), "credited")
    console.print(
        f" 5. Lights off by photo: verified, {grams(lights['credits_mg'])}, {lights['points']} points"
    )
    for number, (decision, status) in enumerate((("approve", "credited"), ("refuse", "refused"))):
        data = photo(first + 2 + number)
        sha256 = hashlib.sha256(data).hexdigest()
        control(api, "verdicts", sha256=sha256, suggest="review", label=21000)
        activity_id = act(me, "subway_trip", {"trips": 1}, 3 - number, data)
        review = until("the review", partial(_review, verifier, activity_id))
        body = {"decision": decision} | ({"reason_code": "NOT_THE_ACT"} if decision == "refuse" else {})
        verifier.send("POST", f"/reviews/{review['id']}/decision", body, 200)
        activity = ended(me, activity_id, status)
        reason = f", {activity['reason_code']}: {activity['reason_text']}" if status == "refused" else ""
        signals = ", ".join(review["risk"]["signals"])
        console.print(
            f" {6 + number}. A flagged photo ({signals}, score {review['risk']['score']}): a verifier says {decision}:"
            f" {status}, {grams(activity['credits_mg'])}, {activity['points']} points{reason}"
        )
    _why(me, subway["id"], console)


def _review(verifier: Person, activity_id: str) -> dict[str, Any] | None:
    waiting = verifier.get("/reviews", limit=100)["items"]
    return next((review for review in waiting if review["activity_id"] == activity_id), None)


def _why(me: Person, activity_id: str, console: Console) -> None:
    path = f"/activities/{activity_id}/explanation"
    why = me.get(path)
    factor = why["factors"][0]
    console.print(f" 8. Why this number: {why['sentence']}")
    console.print(f"    {me.get(path, 'zh-CN')['sentence']}")
    console.print(
        f"    {why['formula']} · {factor['id']} {factor['version']}: {factor['value']} {factor['unit']}"
    )


def _account(me: Person, console: Console) -> None:
    balance = me.get("/me/balances")["items"][0]
    console.print(
        f" 9. Balance: {balance['points']} points, {grams(balance['credits_mg'])} not yet a point,"
        f" {balance['pending_points']} points pending; {grams(balance['reduced_mg'])} reduced so far"
    )
    page = me.get("/me/transfers", limit=3)
    console.print("10. Statement, latest first:")
    for transfer in page["items"]:
        console.print(f"    {transfer['at']} {transfer['sentence']}", highlight=False)


def _cola(me: Person, console: Console) -> None:
    before = me.get("/me/balances")["items"][0]["points"]
    order = {"reward_id": COLA, "quantity": 1, "delivery": HOME}
    redeemed = me.send("POST", "/redemptions", order, 201, key="cola-1")
    replay = me.send("POST", "/redemptions", order, 201, key="cola-1")
    if replay["id"] != redeemed["id"]:
        raise DayWentWrong("the same redemption was made twice")
    after = me.get("/me/balances")["items"][0]["points"]
    console.print(
        f"11. Twelve cans of cola: {redeemed['status']}, {redeemed['delivery']['state']}; points {before} -> {after} (asked twice,"
        " taken once)"
    )
    refused = me.send("POST", "/redemptions", order, 409, key="cola-2")
    console.print(f"12. A second redemption: refused, {refused['code']}: {refused['detail']}")


def _coffee(me: Person, clerk: Person, console: Console) -> None:
    """A coupon for points, and what happens at the till."""
    order = {"reward_id": COFFEE["id"], "quantity": 1}
    bought = me.send("POST", "/redemptions", order, 201, key="coffee-1")
    coupon = me.get(f"/coupons/{bought['coupons'][0]}")
    console.print(
        f"13. A cup of coffee for {bought['points']} points: coupon {coupon['code']}, QR code signed"
    )
    used = clerk.send("POST", "/merchant/coupon-verifications", {"code": coupon["qr"]}, 201)
    again = clerk.send("POST", "/merchant/coupon-verifications", {"code": coupon["code"]}, 409)
    console.print(
        f"14. At the till: {used['status']}; a second time: refused, {again['code']}: {again['detail']}"
    )


def _ride(api: httpx.Client, me: Person) -> dict[str, Any]:
    """Bound to the bicycles of demo-bike, whose signed record is credited without a word of the member."""
    who = {"partner_id": BIKES, "member_id": me.member["id"]}
    code = _standin(api, "binding-codes", **who)["code"]
    me.send("POST", "/me/partner-bindings", {"partner_id": BIKES, "code": code}, 201)
    began = datetime.now(UTC) - timedelta(hours=1)
    ridden = {
        "programme_id": PROGRAMME,
        "behaviour": "cycling",
        "quantity": {"distance_m": 2000},
        "occurred_at": began.isoformat(timespec="seconds"),
    }
    (result,) = _standin(api, "records", **who, **ridden)["items"]
    if result["status"] != "credited":
        raise DayWentWrong(f"the ride was {result}")
    return dict(me.get(f"/activities/{result['activity_id']}"))


def _standin(api: httpx.Client, action: str, **body: Any) -> dict[str, Any]:
    """A call of the control side of the stand-in partner."""
    answer = api.post(f"/_partner/_standin/{action}", json=body)
    if answer.status_code >= 300:
        raise DayWentWrong(f"the stand-in partner answered {answer.status_code}: {answer.text}")
    return dict(answer.json())


def _receipt(api: httpx.Client, me: Person, console: Console) -> None:
    """One more act, its receipt from the public log, and what puhui-verify says of it: no trust in this server."""
    activity = _ride(api, me)
    started = time.monotonic()
    entry_id = activity["entry_id"]
    receipt = until("the receipt", partial(_text, api, f"/v1/journal/receipts/{entry_id}"))
    took = time.monotonic() - started
    console.print(
        f"15. Cycled 2 km, by the signed record of {BIKES}: {grams(activity['credits_mg'])}: entry {entry_id} of the public journal, receipt after"
        f" {took:.1f} s"
    )
    if took > RECEIPT_SECONDS:
        raise DayWentWrong(f"the receipt took {took:.1f} s, more than {RECEIPT_SECONDS}")
    revision = me.get(f"/journal/revisions/{entry_id}")
    policy = _text(api, "/journal/policy")
    with tempfile.TemporaryDirectory() as folder:
        files = {"revision.json": json.dumps(revision), "receipt": receipt, "policy": policy or ""}
        for name, content in files.items():
            Path(folder, name).write_text(content)
        command = [sys.executable, "-m", "puhui.verify", "opening", "revision.json", "--lang", "en"]
        verified = subprocess.run(
            [*command, "--receipt", "receipt", "--policy", "policy"],
            cwd=folder,
            env={"PYTHONPATH": str(LAYER)},
            capture_output=True,
            text=True,
            check=False,
        )
    if verified.returncode:
        raise DayWentWrong(f"puhui-verify does not accept the receipt: {verified.stdout}{verified.stderr}")
    console.print("16. puhui-verify, with nothing but the receipt, the opened entry and the policy:")
    for line in verified.stdout.splitlines():
        console.print(f"    {line}", highlight=False)


def _text(api: httpx.Client, path: str) -> str | None:
    """The text at a public address; None when there is none yet."""
    response = api.get(path)
    if response.status_code == 404:
        return None
    return response.raise_for_status().text


def _audit(console: Console, report: dict[str, Any]) -> None:
    if not report["sound"]:
        raise DayWentWrong(f"the ledger's audit found differences: {report['differences']}")
    console.print(
        f"17. Ledger audit: {report['accounts']} accounts re-added from {report['transfers']} transfers, no difference"
    )


def _audit_journal(console: Console, report: dict[str, Any]) -> None:
    if not report["sound"]:
        raise DayWentWrong(f"the journal's audit found: {report['findings']}")
    console.print(
        f"18. Journal audit: {report['entries']} entries, {report['opened']} opened, {report['transfers']} transfers each"
        " with its entry"
    )
