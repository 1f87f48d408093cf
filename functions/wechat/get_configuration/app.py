"""GET /configuration: what a front end has to know of this deployment."""

import os

from puhui.edge.http import Answer, HttpFunction, Request

app = HttpFunction("get-configuration")
NOTICES = (
    ("activity_result", "ACTIVITY_TEMPLATE_ID", {"zh-CN": "行为的核验结果", "en": "How an act was verified"}),
    ("redemption_state", "REDEMPTION_TEMPLATE_ID", {"zh-CN": "兑换的结果", "en": "How a redemption ended"}),
    (
        "points_expiry",
        "REMINDER_TEMPLATE_ID",
        {"zh-CN": "积分将要到期", "en": "Points that are about to end"},
    ),
)


@app.operation("get_configuration", "GET", "/configuration")
def get_configuration(_request: Request) -> Answer:
    told = ((notice, os.environ.get(variable, ""), title) for notice, variable, title in NOTICES)
    return {
        "app_id": os.environ["WECHAT_APP_ID"],
        "notices": [
            {"notice": notice, "template_id": template_id, "title": title}
            for notice, template_id, title in told
            if template_id
        ],
    }
