import json
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from hero_tracing import flow


@flow(retries=2)
def trajets(depart: str, arrivee: str, quand: str) -> list[dict]:
    requete = urlencode({"from": depart, "to": arrivee, "datetime": quand, "count": 5})
    entetes = {"Authorization": flow.secret("SNCF_TOKEN")}
    url = f"https://api.sncf.com/v1/coverage/sncf/journeys?{requete}"
    return json.load(urlopen(Request(url, headers=entetes)))["journeys"]


@flow(secrets=["SNCF_TOKEN"])
def main(depart: str, arrivee: str, quand: str) -> list[str]:
    """Prochains trains entre deux gares : heures de départ et d'arrivée, durée, nombre de correspondances."""
    lignes = []
    for trajet in trajets(depart, arrivee, quand):
        debut, fin = trajet["departure_date_time"][9:13], trajet["arrival_date_time"][9:13]
        lignes.append(f"{debut} - {fin}, {trajet['duration'] // 60} min, {trajet['nb_transfers']} corresp.")
    return lignes
