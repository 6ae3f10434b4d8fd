"""What the bot knows in the demonstration: an online shop's common questions, in English and Chinese."""

import re

from django.db.models import Q

from chatbot.knowledge.entries import write_entry
from chatbot.models import KnowledgeEntry, Language

ENGLISH = [
    (
        "Where is my order?",
        "order status, track my order, track order, tracking number, track my parcel, where is my parcel",
        "You can follow your order under “My orders”: open it and choose “Track”. The tracking number is also in the "
        "e-mail that we sent when the parcel left our warehouse. New numbers take up to 24 hours to show.",
    ),
    (
        "How long does delivery take?",
        "delivery time, shipping time, when will it arrive, when will my order arrive, how long is shipping, "
        "delivery cost, shipping cost",
        "Standard delivery takes 2 to 4 working days and costs 4.90, free from 49. Express arrives the next working "
        "day if you order before 2 pm, and costs 9.90.",
    ),
    (
        "Can I change or cancel my order?",
        "cancel my order, cancel order, change my order, change delivery address, wrong address",
        "As long as the order is marked “In preparation” you can cancel it or change its address under “My orders”. "
        "After that, please refuse the parcel or send it back free of charge.",
    ),
    (
        "How do I return something?",
        "return, return an item, return policy, send it back, send back, exchange, wrong size, return label",
        "You have 30 days to return anything unused. Choose “Return” next to the order, print the label or show the "
        "code at a parcel shop. Returns are free; for another size, choose “Exchange”.",
    ),
    (
        "When do I get my refund?",
        "refund, money back, refund status, reimbursement",
        "We refund within 3 working days after the return has reached us, to the "
        "way you paid. Banks then take another "
        "2 to 5 days to show it.",
    ),
    (
        "How do I get an invoice?",
        "invoice, receipt, vat, bill, tax invoice",
        "Every order has its invoice as a PDF under “My orders”, from the day it is sent. To have a company name or "
        "VAT number on it, enter them under “Account > Billing” and choose “Create invoice again”.",
    ),
    (
        "What are your opening hours?",
        "opening hours, business hours, open today, when are you open, when do you open, working hours, weekend",
        "Our agents are here Monday to Friday from 8 am to 8 pm and Saturday from "
        "9 am to 4 pm. I answer day and night.",
    ),
    (
        "Which ways of payment do you accept?",
        "payment methods, payment method, how can i pay, credit card, paypal, apple pay, pay by, installments",
        "You can pay by credit or debit card, PayPal, Apple Pay, Google Pay, or by invoice within 14 days. We charge "
        "when the parcel is sent.",
    ),
    (
        "My payment failed",
        "payment failed, card declined, payment declined, charged twice, payment error",
        "Please check the card's limit and that you confirmed the payment in your "
        "bank's app, then try again from your "
        "basket. An amount that seems to be charged twice is a reservation, which disappears within 5 days.",
    ),
    (
        "I forgot my password",
        "forgot password, reset password, password, cannot log in, can't log in, login problem, locked out",
        "Choose “Forgot password” on the login page. We send you a link that is "
        "valid for one hour; look in your spam "
        "folder too. After five wrong attempts an account is locked for 15 minutes.",
    ),
    (
        "How do I delete or change my account?",
        "delete my account, close my account, change my email, change email address, update my details",
        "Under “Account > Details” you can change your name, e-mail address and "
        "telephone number. “Delete account” is "
        "at the end of the same page.",
    ),
    (
        "Is there a warranty?",
        "warranty, guarantee, broken, defective, damaged, repair, does not work, stopped working",
        "All articles have a two-year warranty. Choose “Report a problem” next to "
        "the order and add a photo: we repair "
        "or replace it, or give your money back.",
    ),
    (
        "How can I contact you?",
        "contact, phone number, telephone, email address, your address, hotline",
        "Here in the chat, by e-mail to service@shop.example or by telephone at 0800 555 0100. For a person here in "
        "the chat, say “human”.",
    ),
    (
        "What do you do with my data?",
        "privacy, gdpr, personal data, my data, data protection, cookies",
        "We use your data to deliver your orders and do not sell them. Under “Account > Privacy” you can download or "
        "delete them and withdraw consents.",
    ),
    (
        "How do I use a coupon?",
        "coupon, voucher, discount code, promo code, promotion code, gift card, discount",
        "Enter the code in the basket under “Coupon” and choose “Apply”. One code counts per order, and not for gift "
        "cards. If it is refused, check its date and the minimum value of the order.",
    ),
]

CHINESE = [
    (
        "我的订单到哪里了？",
        "查订单,订单状态,查物流,物流信息,快递单号,快递到哪,包裹到哪,订单在哪,什么时候发货,还没发货",
        "您可以在“我的订单”中打开订单并点击“物流跟踪”查看进度，快递单号也会在发货时通过邮件发给您。"
        "新单号最多需要 24 小时才会显示物流信息。",
    ),
    (
        "配送需要多长时间？",
        "多久能到,几天到,几天能到,配送时间,什么时候到,运费,邮费,包邮,送货时间",
        "标准配送需要 2 至 4 个工作日，运费 10 元，订单满 99 元包邮。下午 2 点前选择加急配送，"
        "次日即可送达，费用 20 元。",
    ),
    (
        "怎么修改或取消订单？",
        "取消订单,修改订单,改地址,修改地址,地址填错,地址写错,不想要了",
        "订单显示“备货中”时，您可以在“我的订单”中直接取消或修改收货地址。发货后请拒收，或签收后免费退回。",
    ),
    (
        "怎么退货或换货？",
        "退货,换货,退换货,换尺码,尺码不合适,七天无理由,退回",
        "收货后 30 天内，未使用的商品可以免费退换。请在订单旁点击“退货”或“换货”，快递员会上门取件，也可以自行寄回。",
    ),
    (
        "退款什么时候到账？",
        "退款,退钱,退款进度,没到账,多久到账",
        "收到退货后我们会在 3 个工作日内原路退款，银行到账通常还需要 2 至 5 天。您可以在“我的订单 > 退款”中查看进度。",
    ),
    (
        "怎么开发票？",
        "发票,开票,电子发票,增值税,抬头,税号,收据",
        "发货当天即可在“我的订单”中下载电子发票（PDF）。如需填写公司抬头和税号，"
        "请在“账户 > 开票信息”中填写后点击“重新开票”。",
    ),
    (
        "你们的营业时间是什么时候？",
        "营业时间,工作时间,上班时间,几点上班,几点下班,周末上班,几点营业,服务时间,开门",
        "人工服务时间为周一至周五 8:00–20:00，周六 9:00–16:00。我全天 24 小时在线。",
    ),
    (
        "支持哪些付款方式？",
        "付款方式,支付方式,怎么付款,怎么支付,微信支付,支付宝,信用卡,货到付款,分期,花呗",
        "支持微信支付、支付宝、银联和信用卡，满 500 元可免息分 3 期付款。我们在发货时扣款。",
    ),
    (
        "支付失败怎么办？",
        "支付失败,付款失败,付不了款,无法支付,支付不了,重复扣款,扣了两次",
        "请检查银行卡限额，并确认已在银行应用中完成验证，然后在购物车重新支付。如果看起来扣了两次，"
        "其中一笔是预授权，会在 5 天内自动退回。",
    ),
    (
        "忘记密码怎么办？",
        "忘记密码,重置密码,修改密码,找回密码,密码,登录不了,登不上,无法登录,账号被锁",
        "请在登录页点击“忘记密码”，我们会发送一个一小时内有效的链接，也请留意垃圾邮件。"
        "连续输错五次后账户会锁定 15 分钟。",
    ),
    (
        "怎么修改或注销账户？",
        "注销账户,注销账号,删除账号,修改手机号,换手机号,换绑手机,修改邮箱,个人资料",
        "在“账户 > 个人资料”中可以修改姓名、邮箱和手机号，页面底部可以注销账户。",
    ),
    (
        "商品有保修吗？",
        "保修,质保,坏了,破损,质量问题,维修,不能用,开不了机,有瑕疵",
        "所有商品享受两年质保。请在订单旁点击“报告问题”并上传照片，我们会为您维修、更换或退款。",
    ),
    (
        "怎么联系你们？",
        "联系方式,电话,客服电话,热线,邮箱,联系你们,地址在哪",
        "您可以在此聊天、发邮件至 service@shop.example，或拨打 400-555-0100。如需在此与真人沟通，请回复“转人工”。",
    ),
    (
        "你们怎么保护我的隐私？",
        "隐私,个人信息,个人数据,数据安全,信息安全,泄露",
        "您的信息仅用于完成订单，我们绝不出售。在“账户 > 隐私”中可以下载或删除个人数据，并撤回授权。",
    ),
    (
        "优惠券怎么用？",
        "优惠券,优惠码,折扣码,代金券,红包,打折,满减,礼品卡",
        "在购物车的“优惠券”处输入代码并点击“使用”。每个订单限用一张，不可用于购买礼品卡。"
        "如提示不可用，请检查有效期和最低消费金额。",
    ),
]


def demo_entries() -> list[KnowledgeEntry]:
    """What the bot knows in the demonstration, not yet written."""
    return [
        KnowledgeEntry(
            key=f"demo-{language[:2]}-{number}",
            language=language,
            question=question,
            alternatives="\n".join(word.strip() for word in re.split("[,，]", keywords)),
            answer=answer,
        )
        for language, answers in ((Language.ENGLISH, ENGLISH), (Language.CHINESE, CHINESE))
        for number, (question, keywords, answer) in enumerate(answers, start=1)
    ]


def load_demo_answers() -> None:
    """Write it. Idempotent: an answer that exists is left as it was edited."""
    for entry in demo_entries():
        known = Q(key=entry.key) | Q(language=entry.language, question=entry.question)
        if not KnowledgeEntry.objects.filter(known).exists():
            write_entry(entry)
