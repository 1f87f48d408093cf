"""What can be wrong with what a partner sends, as a whole. What is wrong with one record is its reason code.

BatchIdReused      422  the batch's id stands for other content
EventSourceWrong   422
BatchNotFound      404
"""

from puhui.kernel.errors import Invalid, NotFound


class BatchIdReused(Invalid):
    code = "BATCH_ID_REUSED"
    zh = "这个 batch_id 已用于另一批内容，请换一个新的。"
    en = "This batch_id stands for other content. Use a new one."


class EventSourceWrong(Invalid):
    code = "EVENT_SOURCE_WRONG"
    zh = "事件的 source 须为 {source}。"
    en = "The source of your events is {source}."


class BatchNotFound(NotFound):
    code = "BATCH_NOT_FOUND"
    zh = "没有这一批。"
    en = "There is no such batch of yours."
