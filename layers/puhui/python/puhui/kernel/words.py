"""What codes and internal words are called, in both languages: why something was refused, what a consent is for, caps, states."""

from collections.abc import Mapping

Text = Mapping[str, str]  # one text by language: "zh-CN" and "en"


def _both(zh: str, en: str) -> Text:
    return {"zh-CN": zh, "en": en}


# Why an act, a redemption, a donation or a statement ended as it did; and what made a person look at an act.
REASONS: Mapping[str, Text] = {
    # acts
    "BEFORE_CONSENT": _both(
        "早于您的同意，未查看；如要一并提交，请设 include_earlier。",
        "Before you agreed, so it was not looked at; set include_earlier to send it on purpose.",
    ),
    "CAP_REACHED": _both("已达到这个行为的上限。", "The limit for this act has been reached."),
    "CLAIMED_ELSEWHERE": _both(
        "同一行为已在另一个项目中申报。", "The same act was recorded in another programme."
    ),
    "CLAIM_CLOSED": _both(
        "当天的步行已经收取或已作废，不再增加。",
        "That day's walk was collected or has lapsed, and grows no more.",
    ),
    "BINDING_AWAITED": _both(
        "账户还没有绑定成员，记录等待 7 天。",
        "The account is bound to no member yet: the record waits for seven days.",
    ),
    "BINDING_ENDED": _both(
        "记录发生在上一次绑定解除之前，不再计入。",
        "It happened before the last binding ended, and counts for nobody now.",
    ),
    "MEMBER_REF_UNKNOWN": _both(
        "没有这个 member_ref，请先用 POST /partner/binding-codes 取得。",
        "There is no such member_ref of yours. POST /partner/binding-codes gives one.",
    ),
    "NEVER_BOUND": _both(
        "账户没有在期限内绑定，记录不再计入。", "The account was bound to nobody in time: it does not count."
    ),
    "PARTNER_MAY_NOT_SEND": _both(
        "条款不包括这个项目的这种行为，请联系运营方。",
        "Your terms do not cover this act in this programme. Speak with the operator.",
    ),
    "CLAIM_EXPIRED": _both("收取的期限已过。", "The time to collect this is over."),
    "NOTHING_TO_CREDIT": _both(
        "按这个数量算不出减排：数量太小，或者用量不低于基准。",
        "This quantity avoids nothing: it is too small, or as much was used as the baseline or more.",
    ),
    "NOT_COLLECTED": _both("没有在期限内收取。", "It was not collected in time."),
    "REPLACED_BY_RECORD": _both(
        "合作方提交了同一行程的记录，以该记录为准。",
        "A partner's record of the same trip took its place: the record counts.",
    ),
    "SELF_DECLARED_LIMIT": _both(
        "已记录。当天没有凭证的行为已计满，不再计入；能附照片的行为请附上照片。",
        "On record. Acts without evidence have given all they give on that day: add a photo where the act takes one.",
    ),
    "WALK_COUNTED": _both(
        "当天的步行已按轨迹计入。", "That day's walking was counted by its tracks already."
    ),
    "STEPS_IMPLAUSIBLE": _both(
        "这一天的步数不合常理，没有计入。", "That day's number of steps is implausible: not counted."
    ),
    "STEPS_UNUSUAL": _both(
        "这一天的步数不寻常，暂不计入；核对之后或稍后再次同步时计入。",
        "That day's steps are unusual and do not count yet. They do after a check, or when they are synced again later.",
    ),
    # photos
    "CONTENT_REVIEW": _both("平台的内容检测没有把握。", "The platform's content check was not sure."),
    "CONTENT_RISKY": _both(
        "照片未通过平台的内容安全检测。", "The photo did not pass the platform's content check."
    ),
    "CONTENT_UNCHECKED": _both(
        "平台的内容检测没有及时答复。", "The platform's content check did not answer in time."
    ),
    "EVIDENCE_REUSED": _both("这张照片已用于另一个行为。", "This photo has been used for another act."),
    "FILE_CHANGED": _both(
        "上传的照片与登记的不一致，请重新登记（POST /evidence）、上传，并再次申报这个行为。",
        "The photo is not the one that was announced. Announce it anew (POST /evidence), upload it and record the act again.",
    ),
    "FILE_MISSING": _both(
        "照片没有上传成功，请重新登记（POST /evidence）、上传，并再次申报这个行为。",
        "The photo was never uploaded. Announce it anew (POST /evidence), upload it and record the act again.",
    ),
    "FILE_TYPE": _both(
        "无法按登记的格式读取，请使用 JPEG、PNG 或 GIF。",
        "It cannot be read as the announced type. Use JPEG, PNG or GIF.",
    ),
    "LATE_SUBMISSION": _both(
        "行为发生两天之后才提交。", "It was submitted more than two days after the act."
    ),
    "MACHINE_FAILED": _both(
        "自动核验出错，改由人工审核。", "The automatic check failed, so a person looks at it."
    ),
    "ACT_REPEATED": _both(
        "不久前已申报过同样的行为。", "The same kind of act was recorded shortly before or after."
    ),
    "RANDOM_CHECK": _both("抽查：由人查看照片。", "Drawn for a person to look at."),
    "DAY_LARGE": _both(
        "当天凭照片或轨迹计入的量已经较多。", "Photos or tracks have given much on this day already."
    ),
    "PICTURE_TOO_LARGE": _both(
        "照片像素过多、动画帧过多或过于复杂，无法处理，请用普通尺寸的静态照片。",
        "The picture has too many pixels, frames or decoding passes. Send an ordinary still photo.",
    ),
    "PHOTO_FLAT": _both(
        "照片几乎一片空白或全黑，无法与其他照片比较。", "It is too blank or dark to be compared with others."
    ),
    "PHOTO_ANIMATED": _both("照片是动画。", "The picture is animated."),
    "PHOTO_ALIKE": _both("与以前用过的一张照片有些相似。", "It somewhat resembles one used before."),
    "PHOTO_SIMILAR": _both(
        "与以前用过的一张照片几乎相同。", "It is nearly the same picture as one that was used before."
    ),
    "PHOTO_SMALL": _both("照片太小，看不清内容。", "The picture is too small to make anything out."),
    # tracks
    "TRACK_ACCURACY_CONSTANT": _both(
        "轨迹每个点的误差都一样，像是模拟的。",
        "Every point of the track states one accuracy, as simulators do.",
    ),
    "TRACK_SIMILAR": _both(
        "与另一个行为的轨迹几乎相同，节奏也一样。", "It is nearly the track of another act, at the same pace."
    ),
    "TRACK_WINDING": _both(
        "轨迹的里程远大于到达的距离，像是原地打转。",
        "The track is far longer than it reaches, as going in circles.",
    ),
    # risk rules (activities/risk/rules.json); verifiers see them, members only what an act was refused for
    "ACTS_IN_MINUTES": _both("几分钟内申报了许多行为。", "Many acts were recorded within minutes."),
    "ACTS_A_DAY": _both("一天之内的行为太多。", "There are too many acts on one day."),
    "ONE_SOURCE_BURST": _both(
        "一小时内由同一渠道多次申报同一种行为。",
        "One source reported one kind of act several times within an hour.",
    ),
    "BACK_CLAIMING": _both(
        "事后一天以上补报了同一天的多个行为。",
        "Several acts of one day were recorded more than a day after it.",
    ),
    "FIRST_DAYS": _both(
        "新账户头几天每天先计入一部分，其余稍后结算。",
        "In its first days an account gets a part of a day at once and the rest later.",
    ),
    "SPEED_IMPLAUSIBLE": _both(
        "按申报的时间，速度快得不寻常。", "By the times reported it was unusually fast."
    ),
    "STEPS_REFUSED": _both(
        "这一天的步数不合常理，没有计入。", "That day's number of steps is implausible: not counted."
    ),
    "STEPS_MANY": _both("一天的步数非常多。", "There are very many steps on one day."),
    "STEPS_JUMP": _both(
        "相隔几分钟的两次同步之间，步数猛增。", "Steps leapt between two syncs minutes apart."
    ),
    "STEPS_STEADY": _both("多日的步数完全相同。", "Several days have exactly the same number of steps."),
    "STEPS_HOURLY": _both(
        "两小时以上每小时步数几乎不变，像是摇步机。",
        "For two hours or more the steps of an hour hardly change, as from a machine.",
    ),
    "STEPS_COPIED": _both(
        "多日的步数与另一个账户完全相同，没有计入。",
        "On several days the steps equal another account's: not counted.",
    ),
    "DEVICE_SHARED": _both(
        "一台设备一天之内被多个账户使用。", "Several accounts used one device on one day."
    ),
    "INVITATION_RING": _both("好友全部是新账户。", "All friends are new accounts."),
    "PLATFORM_RISK": _both("微信判定账户有风险。", "The platform considers the account a risk."),
    "PLATFORM_RISK_HIGH": _both("微信判定账户风险很高。", "The platform considers the account a high risk."),
    "METER_UNUSUAL": _both(
        "用量与这只表以往相差很大。", "Far more or far less was used than this meter usually shows."
    ),
    # reviews
    "NOT_THE_ACT": _both(
        "照片没有显示所申报的行为，请换一张能显示它的照片，再次申报。",
        "The photo does not show the act. Record it again with one that does.",
    ),
    "PICTURE_UNREADABLE": _both(
        "照片看不清，请换一张清楚、完整的照片，再次申报。",
        "The photo cannot be made out. Record the act again with a sharp and whole one.",
    ),
    "QUANTITY_DIFFERS": _both(
        "照片显示的数量或时间与申报的不一致，请按照片所示再次申报。",
        "The photo shows another quantity or time than was reported. Record the act again as the photo shows it.",
    ),
    "ALREADY_COUNTED": _both(
        "这个行为已经计入过，不再重复计入，无需再做什么。",
        "This act was counted before and is not counted twice. There is nothing more to do.",
    ),
    "NOT_ALLOWED_BY_RULES": _both(
        "项目规则不计入这样的行为，请查看项目的行为列表，了解计入哪些。",
        "The programme's rules do not count such an act. Its list of behaviours says what counts.",
    ),
    "REVIEW_EXPIRED": _both(
        "没有人在期限内审核，请重新提交。", "Nobody reviewed it in time. Record the act again."
    ),
    "APPEAL_NOT_DECIDED": _both(
        "没有人在期限内决定申诉，原决定有效；可以再申诉一次。",
        "Nobody decided the appeal in time, and the decision stands. You may appeal once more.",
    ),
    # merchants; those who decide may make up others and explain them in the note
    "COMPLAINTS": _both(
        "收到了对商家的投诉，详见说明；向主管部门答复后可以恢复。",
        "There were complaints about the merchant: see the note. Once they are answered, the authority can reinstate it.",
    ),
    "LICENCE_UNREADABLE": _both(
        "营业执照看不清，请重新扫描后再次提交申请。",
        "The licence cannot be read. Scan it anew and hand the application in again.",
    ),
    "NOT_YOURS": _both(
        "材料不属于申请人，请用自己的材料再次提交申请。",
        "The papers are not the applicant's. Hand the application in again with your own.",
    ),
    "PAPERS": _both(
        "材料不全或有误，请补正后再次提交申请。",
        "Papers are missing or wrong. Mend them and hand the application in again.",
    ),
    # redemptions and donations
    "CANCELLED_BY_MEMBER": _both("由您取消。", "You cancelled it."),
    "NOT_CANCELLABLE": _both("这次兑换已不能取消。", "This redemption can no longer be cancelled."),
    "NOT_ENOUGH_POINTS": _both("积分不足。", "There were not enough points."),
    "NOT_ON_SALE": _both("该奖品当时不可兑换。", "The reward was not on sale."),
    "NOT_ON_SALE_YET": _both("兑换当时还没有开始。", "The sale had not begun."),
    "MERCHANT_SUSPENDED": _both("提供奖品的商家已被暂停。", "The merchant that honours it is suspended."),
    "MERCHANT_NOT_CERTIFIED": _both(
        "提供奖品的商家未通过认证。", "The merchant that honours it is not certified."
    ),
    "OUT_OF_STOCK": _both("库存不足，已兑完。", "It is out of stock."),
    "PARTNER_REFUSED": _both(
        "合作方没有接受这个订单，积分已退回。", "The partner refused the order. The points are back."
    ),
    "PARTNER_SILENT": _both("合作方没有及时答复。", "The partner did not answer in time."),
    "PRICE_CHANGED": _both("价格已经改变。", "The price has changed."),
    "REWARD_DAY_LIMIT_REACHED": _both("已达到每人每天的限额。", "The limit of a member and day was reached."),
    "NOT_ENOUGH_FOR_A_PIECE": _both(
        "积分不足一份，没有捐赠。", "The points were too few for one piece: none were given."
    ),
    "REWARD_HAS_QUEUE": _both(
        "这个项目须排队，不能自动捐赠。", "The project has a queue, so nothing is given automatically."
    ),
    "REWARD_LIMIT_REACHED": _both("已达到每人的限额。", "The limit of a member was reached."),
    "REWARD_NOT_FOUND": _both("奖品已不存在。", "The reward is not there any more."),
    "SALE_OVER": _both("兑换活动已经结束。", "The sale was over."),
    # partners' files
    "FILE_CHUNKS_FAILED": _both(
        "处理中断，请用同样的内容再次登记（POST /partner/files），从中断处继续。",
        "Processing stopped. Announce the same file again (POST /partner/files): it goes on where it stopped.",
    ),
    "FILE_HEADER_UNKNOWN": _both(
        "CSV 的前两行应为 puhui-records,1 和已知的列名，请更正后作为新文件登记。",
        "A CSV begins with puhui-records,1 and a line of known columns. Mend it and announce it as a new file.",
    ),
    "FILE_NOT_UPLOADED": _both(
        "文件没有按时上传，请用同样的内容再次登记后上传。",
        "It was not uploaded in time. Announce it again and upload it.",
    ),
    "FILE_ROWS_DIFFER": _both(
        "行数与登记的不一致，请按实际行数（found）登记，或补齐文件。",
        "It has another number of rows than announced: found says how many. Announce these, or complete the file.",
    ),
    "FILE_SHA256_DIFFERS": _both(
        "内容与登记的 sha256 不一致，请核对后重新登记。",
        "Its bytes are not those of the announced sha256. Compare them and announce it anew.",
    ),
    "FILE_SIZE_DIFFERS": _both(
        "大小与登记的不一致，请核对后重新登记。",
        "It has another size than announced. Compare and announce it anew.",
    ),
    # webhooks
    "FAILING": _both(
        "接收地址连续五天无法送达，请修复后重新登记，再重发这段时间的通知。",
        "Nothing reached the address for five days. Mend it, register it again, and have that span replayed.",
    ),
    "GONE": _both(
        "接收地址答复 410，已停用；需要时请重新登记。",
        "The address answered 410 and was disabled. Register it again when it is wanted.",
    ),
    # statements
    "NOT_ENOUGH_MONEY": _both("赞助预算余额不足。", "The sponsor's budget is too short."),
}


def reason(code: str) -> Text:
    """The sentence of a reason code. Of one that a person made up for the case, only that a person gave it is known."""
    return REASONS.get(code) or _both(f"理由：{code}。", f"Reason: {code.replace('_', ' ').lower()}.")


# What a member's consent is for.
PURPOSES: Mapping[str, Text] = {
    "photos": _both("用照片核验行为", "Photos that show an act"),
    "pooling": _both("减排量汇集出售", "Selling one's reductions in a pool"),
    "profile": _both("向他人显示昵称和头像", "Nickname and picture shown to others"),
    "steps": _both("微信运动步数", "Steps of WeRun"),
    "whereabouts": _both("位置与行程", "Whereabouts and journeys"),
}

PARTNER_PURPOSE = "partner:"  # and its id


def purpose_title(purpose: str) -> Text:
    """What a consent is for; one partner's records have a purpose of their own."""
    if purpose.startswith(PARTNER_PURPOSE):
        partner = purpose.removeprefix(PARTNER_PURPOSE)
        return _both(f"合作方 {partner} 提交的记录", f"Records of the partner {partner}")
    return PURPOSES[purpose]


CHOICES: Mapping[str, Text] = {
    "expire": _both("到期作废", "Let them expire"),
    "donate": _both("到期前捐赠", "Donate them before they end"),
}

# Words of the house that sentences name: caps, states, steps.
WORDS: Mapping[str, Text] = {
    "per_act_mg": _both("每次的减排量", "the mass of one act"),
    "per_day_acts": _both("每天的次数", "acts a day"),
    "per_day_minutes": _both("一天里花时间的行为合计 16 小时", "16 hours a day for all that takes time"),
    "per_day_mg": _both("每天的减排量", "the mass of a day"),
    "per_day_quantity": _both("每天的数量", "the quantity of a day"),
    "per_household_day_acts": _both("每户每天的次数", "acts of a household and day"),
    "per_household_day_mg": _both("每户每天的减排量", "the mass of a household and day"),
    "applied": _both("待认证", "waiting to be certified"),
    "cancelled": _both("已取消", "cancelled"),
    "certified": _both("已认证", "certified"),
    "decided": _both("已有决定", "decided"),
    "draft": _both("草稿", "a draft"),
    "expired": _both("已过期", "expired"),
    "handed_on": _both("已转赠", "handed on"),
    "issued": _both("可使用", "ready to use"),
    "posted": _both("已入账", "posted"),
    "published": _both("已发布", "published"),
    "refused": _both("未通过", "refused"),
    "reviewed": _both("已审核", "reviewed"),
    "superseded": _both("已被取代", "superseded"),
    "suspended": _both("已暂停", "suspended"),
    "used": _both("已使用", "used"),
    "voided": _both("已解除", "given up"),
    "withdrawn": _both("已撤回", "withdrawn"),
}
