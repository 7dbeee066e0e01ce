//! Searches of the library: what is found is told with how it has fared, and that nothing is found is told plainly.

use super::library::Library;

#[tokio::test]
async fn what_is_found_is_told_with_its_evidence() {
    let library = Library::with_trip().await;
    let typed = [
        "search 'book a train' to a city",
        "search train --input to=string --tag travel",
        "search --output ticket",
    ];
    let told = library.transcript(&typed).await;
    assert!(told.contains("trip  0.") || told.contains("trip  1."), "{told}");
    assert!(told.contains("  Books a train to a city.\n  version 1: never run\n"), "{told}");
    assert!(told.contains("exit 1\n--- stdout\n--- stderr\nnothing in the library answers that: "), "{told}");

    let found = library.json("search train").await;
    assert_eq!(found["hits"][0]["workflow"], "trip");
    let answers = "--answer 'which_train=\"07:10 to Graz\"'";
    library.does(&format!("run trip --input to=Graz {answers}")).await;
    let told = library.does("search train").await;
    assert!(told.contains("  version 1: 1 run, 100 % succeeded, median "), "{told}");
    library.close().await;
}

#[tokio::test]
async fn a_question_without_an_answer_has_an_exit_code() {
    let library = Library::with_trip().await;
    let typed = [
        "search photosynthesis of orchids",
        "search 'photosynthesis of orchids that trains pass by'",
        "search 'photosynthesis of orchids that trains pass by' --min-score 0.2",
        "search photosynthesis --json",
        "search",
        "search train --input =string",
        "search train --input to --input to=string",
        "search train --limit 0",
        "search train --input to=strng",
        "search train --min-score 2",
    ];
    insta::assert_snapshot!("search_nothing", library.transcript(&typed).await);
    library.close().await;
}
