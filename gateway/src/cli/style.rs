//! Colour as meaning: what a piece of text says decides how it looks, in one place.

/// What a piece of text says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Paint {
    /// As it is.
    #[default]
    Plain,
    /// A name or heading.
    Strong,
    /// Of less weight: durations, guides, counts.
    Faint,
    /// Done well.
    Good,
    /// Failed.
    Bad,
    /// In motion.
    Active,
    /// Waits for a person, or wants a look.
    Attention,
    /// A note on what to do next.
    Note,
}

impl Paint {
    /// SGR parameters (ECMA-48 8.3.117) of the 16 basic colours, which every theme keeps readable.
    fn sgr(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Bad => "1;31",
            Self::Active => "36",
            Self::Attention => "33",
            Self::Note => "1;36",
        }
    }
}

/// Whether a stream gets colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Palette {
    /// With escape sequences.
    Colour,
    /// Text only.
    Text,
}

impl Palette {
    /// `text`, which must be free of control characters, in the look of `paint`.
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        match self {
            Self::Colour if !paint.sgr().is_empty() && !text.is_empty() => {
                format!("\x1b[{}m{text}\x1b[0m", paint.sgr())
            }
            Self::Colour | Self::Text => text.to_owned(),
        }
    }
}
