//! A person whose answers are known.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use hero_sdk::{Json, model::ResumeRequest};

use crate::cli::{
    errors::Failure,
    prompt::{Asked, Prompter},
    refused::Refused,
};

/// A person whose answers are known.
#[derive(Default)]
pub(crate) struct ScriptedPerson {
    answers: Mutex<VecDeque<Asked>>,
    /// Why answers were refused, as the person was told.
    pub(crate) refusals: Mutex<Vec<String>>,
    /// What was asked, by name.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl ScriptedPerson {
    /// Answers in order; then leaves.
    pub(crate) fn new(answers: &[&str]) -> Arc<Self> {
        let answers = answers.iter().map(|text| Asked::Payload(Json::parse(text).unwrap())).collect();
        Arc::new(Self { answers: Mutex::new(answers), ..Self::default() })
    }
}

impl Prompter for ScriptedPerson {
    fn ask(&self, request: &ResumeRequest, refused: Option<&Refused>) -> Result<Asked, Failure> {
        self.asked.lock().unwrap().push(request.name.clone());
        self.refusals.lock().unwrap().extend(refused.map(|refused| refused.message.clone()));
        Ok(self.answers.lock().unwrap().pop_front().unwrap_or(Asked::Left))
    }

    fn ask_hidden(&self, label: &str) -> Result<Option<String>, Failure> {
        self.asked.lock().unwrap().push(label.to_owned());
        let Some(Asked::Payload(answer)) = self.answers.lock().unwrap().pop_front() else { return Ok(None) };
        Ok(answer.to().ok())
    }

    fn confirm(&self, question: &str) -> Result<Option<bool>, Failure> {
        self.asked.lock().unwrap().push(question.to_owned());
        let Some(Asked::Payload(answer)) = self.answers.lock().unwrap().pop_front() else { return Ok(None) };
        Ok(answer.to().ok())
    }

    fn abandon(&self) {}
}
