import json
import urllib.request

from hero_tracing import flow


@flow(retries=2)
def pvgis(latitude: float, longitude: float, kwp: float, tilt: int, azimuth: int) -> dict:
    url = (
        f"https://re.jrc.ec.europa.eu/api/v5_2/PVcalc?lat={latitude}&lon={longitude}&peakpower={kwp}"
        f"&loss=14&angle={tilt}&aspect={azimuth}&outputformat=json"
    )
    return json.load(urllib.request.urlopen(url, timeout=30))


@flow
def main(latitude: float, longitude: float, kwp: float, tilt: int = 35, azimuth: int = 0) -> dict[str, float]:
    """How much electricity a photovoltaic system on the roof makes in a year and in each month, from PVGIS."""
    outputs = pvgis(latitude, longitude, kwp, tilt, azimuth)["outputs"]
    months = {f"month_{entry['month']}": entry["E_m"] for entry in outputs["monthly"]["fixed"]}
    return {"year_kwh": outputs["totals"]["fixed"]["E_y"], **months}
