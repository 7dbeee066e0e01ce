from hero_tracing import ask_user, flow


@flow
def brouillon(courriel: str, points: str, langue: str) -> str:
    consigne = f"Réponds en {langue}, ton professionnel, en reprenant ces points : {points}\n\n{courriel}"
    return flow.invoke("complete", prompt=consigne)


@flow
def main(courriel: str, points: str) -> str:
    """Rédige la réponse à un courriel étranger dans la langue de son auteur, à partir de quelques notes en
    français.
    """
    langue = flow.invoke("detect_language", text=courriel)
    reponse = brouillon(courriel, points, langue)
    if ask_user.confirm(f"{reponse}\n\nEnvoyer tel quel ?"):
        return reponse
    return ask_user.text("Corrigez :", default=reponse, multiline=True)
