//! Letters and their order: `lower`, `upper`, `initcap`, `reverse`.

use crate::define::{Def, TEXT};

pub(super) fn functions() -> Vec<Def> {
    vec![
        Def::new("lower", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                let text = texts.get(row)?;
                if text.is_ascii() {
                    out.push_str(text);
                    out.make_ascii_lowercase();
                } else {
                    out.extend(text.chars().flat_map(char::to_lowercase));
                }
                Some(())
            })
        })
        .aliases(&["lcase", "lower_utf8"]),
        Def::new("upper", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                let text = texts.get(row)?;
                if text.is_ascii() {
                    out.push_str(text);
                    out.make_ascii_uppercase();
                } else {
                    out.extend(text.chars().flat_map(char::to_uppercase));
                }
                Some(())
            })
        })
        .aliases(&["ucase", "upper_utf8"]),
        // Words are runs of letters and digits.
        Def::new("initcap", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                let mut in_word = false;
                for char in texts.get(row)?.chars() {
                    if in_word {
                        out.extend(char.to_lowercase());
                    } else {
                        out.extend(char.to_uppercase());
                    }
                    in_word = char.is_alphanumeric();
                }
                Some(())
            })
        }),
        Def::new("reverse", 1..=1, TEXT, |call| {
            let texts = call.text(0)?;
            call.texts(|row, out| {
                out.extend(texts.get(row)?.chars().rev());
                Some(())
            })
        }),
    ]
}
