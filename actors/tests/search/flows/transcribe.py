from hero_tracing import flow


@flow
def cut(recording: str, seconds: int) -> list[str]:
    import subprocess
    from pathlib import Path

    command = [
        "ffmpeg",
        "-i",
        recording,
        "-f",
        "segment",
        "-segment_time",
        str(seconds),
        "-c",
        "copy",
        "part%03d.mp3",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return sorted(str(part) for part in Path().glob("part*.mp3"))


@flow(retries=2)
def whisper(part: str, language: str | None) -> str:
    from openai import OpenAI

    with open(part, "rb") as audio:
        return OpenAI().audio.transcriptions.create(model="whisper-1", file=audio, language=language).text


@flow
def main(recording: str, language: str | None = None) -> str:
    """Speech to text: writes down what is said in an audio recording. Long recordings are cut into pieces
    first.
    """
    return " ".join(whisper(part, language) for part in cut(recording, 600))
