from base64 import b32encode

import segno


def context(device):
    """Return what the set-up page shows of an authenticator app: a QR code as an image, and its key in groups."""
    key = b32encode(device.bin_key).decode()
    # White behind it and the border around it let a phone read it on a dark page too.
    image = segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    return {"qr_code": image, "key": " ".join(key[start : start + 4] for start in range(0, len(key), 4))}
