//! Links that answer questions: `/r/TOKEN`. To look at one answers nothing, so that programs which fetch links to preview
//! them do no harm; to send its form, or JSON, answers once. The token is the authority: it is in no log and no page.

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hero_sdk::{
    Error, ErrorCode, FieldError, Json,
    logic::PlayResume,
    model::{ResumeRequest, ResumeStatus},
};
use sha2::{Digest as _, Sha256};

use super::http::{Shared, failed, json, refused, status_of};
use crate::{
    form::{self, Field, STYLE, Typed},
    given_json::{Unclear, given_json},
};

/// Every link begins so.
pub(crate) const PREFIX: &str = "/r/";
/// Who answers, as the question keeps it.
const ANSWERED_BY: &str = "link";
/// Bytes of an answer by link.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// No script, nothing from elsewhere, in no frame; a form goes back to where it came from.
static POLICY: LazyLock<Option<HeaderValue>> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
});

/// What everything beneath [`PREFIX`] is sent with.
pub(crate) async fn seal(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.extend(POLICY.clone().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    response
}

/// Shows the question.
pub(crate) async fn show(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let form = if wants_json(&headers) { Form::Json } else { Form::Page };
    match shared.served.logic.resume_of_link(token(&uri)).await {
        Ok(resume) if resume.status == ResumeStatus::Open => form.shows(&resume),
        Ok(resume) => form.is_gone(resume.status),
        Err(error) => form.cannot(error),
    }
}

/// Takes the answer.
pub(crate) async fn answer(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let form = match media_type(&headers).as_str() {
        "application/json" => Form::Json,
        "application/x-www-form-urlencoded" => Form::Page,
        _ => {
            let message = "an answer is the form of its page, or JSON";
            let error =
                Error::new(ErrorCode::InvalidRequest, message).hint("send `Content-Type: application/json`");
            return refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, error);
        }
    };
    let token = token(&uri);
    let resume = match shared.served.logic.resume_of_link(token).await {
        Ok(resume) => resume,
        Err(error) => return form.cannot(error),
    };
    let body = match shared.read(body, ANSWER_BYTES_MAX).await {
        Ok(body) => body,
        Err(response) => return response,
    };
    let typed = Typed::of(if form == Form::Page { &body } else { &[] });
    let payload = match form {
        Form::Page => form::read(&Field::of(&resume), &typed),
        Form::Json => json_of(&body).map_err(|field| vec![field]),
    };
    let payload = match payload {
        Ok(payload) => payload,
        // One that is no longer open takes no better answer either.
        Err(_) if resume.status != ResumeStatus::Open => return form.is_gone(resume.status),
        Err(fields) => {
            let error = Error::new(ErrorCode::InvalidPayload, "the answer cannot be read")
                .hint("send what the question's schema takes, as JSON")
                .fields(fields);
            return form.refuses(&resume, &typed, error);
        }
    };
    let answer = PlayResume {
        play_sid: resume.play_sid.clone(),
        resume_id: resume.resume_id.clone(),
        payload,
        answered_by: Some(ANSWERED_BY.to_owned()),
    };
    match shared.served.logic.play_resume(answer).await {
        Ok(_) => form.thanks(),
        Err(error) if error.code == ErrorCode::InvalidPayload => form.refuses(&resume, &typed, error),
        Err(error) if error.code == ErrorCode::Conflict => {
            // Somebody was faster, or it was withdrawn meanwhile.
            let now = shared.served.logic.resume_of_link(token).await;
            form.is_gone(now.map_or(ResumeStatus::Withdrawn, |now| now.status))
        }
        Err(error) => form.cannot(error),
    }
}

/// In which form the other side talks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Page,
    Json,
}

impl Form {
    fn shows(self, resume: &ResumeRequest) -> Response {
        match self {
            Self::Page => page(StatusCode::OK, form::question(resume, None, &[])),
            Self::Json => of(StatusCode::OK, resume),
        }
    }

    fn thanks(self) -> Response {
        match self {
            Self::Page => page(
                StatusCode::OK,
                form::notice("Thank you", "Your answer was taken. You can close this page."),
            ),
            Self::Json => of(StatusCode::OK, &serde_json::json!({ "status": "answered" })),
        }
    }

    fn refuses(self, resume: &ResumeRequest, typed: &Typed, error: Error) -> Response {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            Self::Page => page(status, form::question(resume, Some(typed), &error.fields)),
            Self::Json => refused(status, error),
        }
    }

    /// The question takes no answer any more.
    fn is_gone(self, status: ResumeStatus) -> Response {
        let (title, text) = match status {
            ResumeStatus::Expired => ("Too late", "The time to answer this question has passed."),
            ResumeStatus::Withdrawn => {
                ("No longer asked", "Nobody waits for an answer to this question any more.")
            }
            ResumeStatus::Answered | ResumeStatus::Open => {
                ("Already answered", "This question was answered before. Only the first answer counts.")
            }
        };
        match self {
            Self::Page => page(StatusCode::GONE, form::notice(title, text)),
            Self::Json => {
                let error = Error::new(ErrorCode::Conflict, text).hint("do nothing: the link is used up");
                refused(StatusCode::GONE, error)
            }
        }
    }

    fn cannot(self, error: Error) -> Response {
        if self == Self::Json {
            return failed(error);
        }
        let status = status_of(error.code);
        let (title, text) = match error.code {
            ErrorCode::NotFound => (
                "This link leads nowhere",
                "Perhaps it was not copied whole. Ask whoever sent it to you.".to_owned(),
            ),
            _ => ("Not now", format!("The answer cannot be taken at the moment: {error}. Try again later.")),
        };
        page(status, form::notice(title, &text))
    }
}

fn json_of(body: &[u8]) -> Result<Json, FieldError> {
    let of_whole = |message: String| FieldError { pointer: String::new(), message };
    let text = str::from_utf8(body).map_err(|_| of_whole("it is not UTF-8".to_owned()))?;
    given_json(text).map_err(|error| match error {
        Unclear::NoJson(_) | Unclear::Deep => of_whole(format!("it {error}")),
        Unclear::Twice(pointer) => FieldError { pointer, message: "it is there twice".to_owned() },
    })
}

/// What stands behind [`PREFIX`], whatever it is: only the runtime knows what a token looks like.
fn token(uri: &Uri) -> &str {
    uri.path().strip_prefix(PREFIX).unwrap_or_default()
}

/// A program says what it understands; a browser begins with pages.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn page(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

fn of(status: StatusCode, value: &impl serde::Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => json(status, text),
        Err(error) => failed(Error::new(ErrorCode::Internal, error.to_string())),
    }
}
