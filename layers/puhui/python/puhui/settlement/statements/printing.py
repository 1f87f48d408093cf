"""A statement as a page to print. Pure."""

from collections.abc import Mapping
from html import escape
from typing import Any


def yuan(fen: int) -> str:
    """``-1234`` as ``-12.34``."""
    sign, rest = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{rest // 100:,}.{rest % 100:02}"


_WORDS = {
    "zh-CN": {
        "title": "商户结算对账单",
        "merchant": "商户",
        "programme": "项目",
        "number": "结算编号",
        "until": "核销截止",
        "status": "状态",
        "reward": "奖品",
        "pieces": "件数",
        "each": "单价（元）",
        "amount": "金额（元）",
        "adjustment": "调整",
        "total": "合计",
        "payment": "付款",
        "paid": "已于 {at} 付款，凭证号 {reference}",
        "unpaid": "尚未付款",
        "computed": "待批准",
        "approved": "已批准",
        "posted": "已入账",
        "disputed": "有异议",
        "is_paid": "已付款",
        "signature": "签章",
    },
    "en": {
        "title": "Merchant's statement",
        "merchant": "Merchant",
        "programme": "Programme",
        "number": "Settlement",
        "until": "Verified before",
        "status": "Status",
        "reward": "Reward",
        "pieces": "Pieces",
        "each": "Each (yuan)",
        "amount": "Amount (yuan)",
        "adjustment": "Adjustment",
        "total": "Total",
        "payment": "Payment",
        "paid": "Paid on {at}, reference {reference}",
        "unpaid": "Not paid yet",
        "computed": "Waits for approval",
        "approved": "Approved",
        "posted": "Posted",
        "disputed": "Disputed",
        "is_paid": "Paid",
        "signature": "Signature and seal",
    },
}
_STYLE = (
    "body{font:14px/1.5 sans-serif;max-width:180mm;margin:10mm auto;color:#000}"
    "table{border-collapse:collapse;width:100%;margin:6mm 0}th,td{border:1px solid #888;padding:2mm;text-align:left}"
    "td.n,th.n{text-align:right;white-space:nowrap}dt{float:left;clear:left;width:35mm;color:#444}dd{margin-left:38mm}"
    "tr{page-break-inside:avoid}thead{display:table-header-group}"
)


def page(
    statement: Mapping[str, Any], merchant: Mapping[str, str], programme: Mapping[str, str], language: str
) -> str:
    """A statement (as ``views.get_statement`` returns it) as a page to print, in ``zh-CN`` or ``en``. It runs nothing and
    loads nothing; every text in it is escaped."""
    words = _WORDS[language]
    status = words["is_paid"] if statement["status"] == "paid" else words[statement["status"]]
    about = (
        (words["merchant"], f"{merchant.get(language, '')} ({statement['merchant_id']})"),
        (words["programme"], programme.get(language, "")),
        (words["number"], statement["settlement_id"]),
        (words["until"], statement["until"]),
        (words["status"], status),
        (words["payment"], _payment(statement, words)),
    )
    head = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in about)
    lines = [
        (each["title"].get(language) or each["reward_id"], each["pieces"], each["fen_each"], each["fen"])
        for each in statement["lines"]
    ]
    body = "".join(
        _line(escape(title), f"{pieces:,}", yuan(each), yuan(fen)) for title, pieces, each, fen in lines
    )
    body += "".join(
        _line(f"{escape(words['adjustment'])}: {escape(each['reason'])}", "", "", yuan(each["fen"]))
        for each in statement["adjustments"]
    )
    body += _line(
        f"<b>{escape(words['total'])}</b>",
        f"{statement['pieces']:,}",
        "",
        f"<b>{yuan(statement['total_fen'])}</b>",
    )
    columns = "".join(
        f"<th{kind}>{escape(words[name])}</th>"
        for name, kind in (
            ("reward", ""),
            ("pieces", " class=n"),
            ("each", " class=n"),
            ("amount", " class=n"),
        )
    )
    title = escape(words["title"])
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1><dl>{head}</dl>"
        f"<table><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{escape(words['signature'])}: ____________________</p></body></html>"
    )


def _payment(statement: Mapping[str, Any], words: Mapping[str, str]) -> str:
    payment = statement.get("payment")
    if payment is None:
        return words["unpaid"]
    return words["paid"].format(at=payment["paid_at"], reference=payment["reference"])


def _line(title: str, *numbers: str) -> str:
    return f"<tr><td>{title}</td>" + "".join(f"<td class=n>{each}</td>" for each in numbers) + "</tr>"
