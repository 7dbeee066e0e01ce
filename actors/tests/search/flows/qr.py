from hero_tracing import flow


@flow
def main(text: str, size: int = 300):
    """QR code as PNG."""
    import qrcode

    image = qrcode.make(text).resize((size, size))
    image.save("code.png")
    return flow.artifact("code.png", media_type="image/png")
