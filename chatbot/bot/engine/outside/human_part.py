"""What was said with agents, as bots are told of it that keep the rest of a conversation themselves."""

from collections.abc import Sequence

from chatbot.bot.engine.interface import Context, Line

# As long as the variable of a Dify application may be that is made for it; its end is what counts.
MAX_TRANSCRIPT_LENGTH = 4000


def variables_for(context: Context) -> dict[str, str]:
    """What an application of FastGPT or Dify is given beside the question, if it has variables of these names.

    `hand_over_token` is what it shows to call people itself, by POST /api/hand-overs: it opens nothing else.
    """
    return {"human_transcript": human_transcript(context.lines), "hand_over_token": context.hand_over_token}


def human_lines(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The agents' lines and the customers' around them: all between two lines of the bot where an agent has spoken."""
    found: list[Line] = []
    stretch: list[Line] = []
    for line in (*lines, None):
        if line is not None and line.role != "bot":
            stretch.append(line)
            continue
        if any(each.role == "agent" for each in stretch):
            found += stretch
        stretch = []
    return tuple(found)


def human_transcript(lines: Sequence[Line]) -> str:
    """These lines as text, one each, "" where no agent has spoken. The beginning of a long one is left out."""
    said = "\n".join(f"{_name(line)}: {' '.join(line.text.split())}" for line in human_lines(lines))
    return said[-MAX_TRANSCRIPT_LENGTH:]


def _name(line: Line) -> str:
    return "Customer" if line.role == "customer" else line.name or "Agent"
