from hero_tracing import flow


@flow
def fit(csv_path: str, target: str, seed: int) -> dict[str, float]:
    import joblib
    import pandas as pd
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.model_selection import train_test_split

    data = pd.read_csv(csv_path)
    features = pd.get_dummies(data.drop(columns=[target]))
    x_train, x_test, y_train, y_test = train_test_split(
        features, data[target], test_size=0.2, random_state=seed
    )
    forest = RandomForestClassifier(n_estimators=300, random_state=seed).fit(x_train, y_train)
    joblib.dump(forest, "model.joblib")
    predicted = forest.predict(x_test)
    return {"accuracy": accuracy_score(y_test, predicted), "f1": f1_score(y_test, predicted, average="macro")}


@flow
def main(csv_path: str, target: str, minimum_accuracy: float = 0.8, seed: int = 7) -> dict[str, float]:
    """Trains a model on tabular data and keeps it only if it is good enough on held-out rows."""
    scores = fit(csv_path, target, seed)
    if scores["accuracy"] < minimum_accuracy:
        raise flow.Failed(f"only {scores['accuracy']:.2%}")
    flow.artifact("model.joblib")
    return scores
