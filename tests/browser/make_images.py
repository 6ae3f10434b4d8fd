"""Make the pictures of the README: `python -m tests.browser.make_images` starts the product and takes them."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import expect

from harness.clients import CustomerClient
from harness.clients import expect as expect_answer
from harness.programs import ROOT
from harness.services import Product, run_product
from tests.browser.browsers import Browsers
from tests.browser.conftest import Logins, People, launch_chromium
from tests.browser.pages import ConversationPage

IMAGES = ROOT / "docs" / "images"
CHAT_SIZE = (430, 720)
WORKBENCH_SIZE = (1200, 720)


@dataclass(frozen=True)
class Scene:
    """What is said in the picture."""

    suffix: str
    locale: str
    question: str
    request: str
    reply: str
    thanks: str
    waiting: tuple[tuple[str, str, str], ...]  # name, message, reason


SCENES = (
    Scene(
        suffix="",
        locale="en-GB",
        question="When do I get my refund?",
        request="I would like to talk to a human, please",
        reply="Hello, Alice here. Your refund left us this morning; your bank shows it by Thursday.",
        thanks="Great, thank you!",
        waiting=(
            ("Emma Clarke", "The parcel arrived damaged", "Damaged parcel"),
            ("Li Na", "My card was charged twice", "Payment"),
        ),
    ),
    Scene(
        suffix=".zh-hans",
        locale="zh-CN",
        question="退款什么时候到账？",
        request="转人工",
        reply="您好，我是 Alice。您的退款今天上午已经退出，预计周四前到账。",
        thanks="太好了，谢谢！",
        waiting=(("王小明", "收到的包裹破损了", "包裹破损"), ("李娜", "银行卡被扣了两次款", "付款问题")),
    ),
)


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    for scene in SCENES:
        with (
            tempfile.TemporaryDirectory() as folder,
            run_product(Path(folder)) as product,
            launch_people(product) as people,
        ):
            play(scene, people, product)


@contextmanager
def launch_people(product: Product) -> Iterator[People]:
    logins = Logins()
    with launch_chromium() as browser:
        people = People(Browsers(browser), product, logins)
        yield people
        people.close()
    logins.close()


def play(scene: Scene, people: People, product: Product) -> None:
    """Bring both pages to where the customer thanks the agent, and keep their pictures."""
    workbench = people.agent("alice", scene.locale, WORKBENCH_SIZE)
    chat = people.customer(scene.locale, CHAT_SIZE)
    chat.write(scene.question)
    expect(chat.locate("#messages .message.by-bot:not(.typing)")).to_have_count(1)
    chat.write(scene.request)
    chat.expect_status("pending_manual")
    add_to_queue(scene, product)
    workbench.take_over(chat.session_name)
    workbench.write(scene.reply)
    expect(chat.message("agent", scene.reply)).to_be_visible()
    chat.write(scene.thanks)
    expect(workbench.message("customer", scene.thanks)).to_be_visible()
    keep_picture(chat, f"chat{scene.suffix}.png")
    keep_picture(workbench, f"workbench{scene.suffix}.png")


def add_to_queue(scene: Scene, product: Product) -> None:
    with ExitStack() as stack:
        for name, message, reason in scene.waiting:
            customer = stack.enter_context(CustomerClient(product.chatbot.url))
            customer.create_session(customer={"name": name})
            expect_answer(202, customer.escalate(reason=reason))
            expect_answer(201, customer.post(message))


def keep_picture(page: ConversationPage, name: str) -> None:
    page.locate("#text").blur()
    page.page.mouse.move(0, 0)
    page.page.screenshot(path=IMAGES / name, animations="disabled")


if __name__ == "__main__":
    main()
