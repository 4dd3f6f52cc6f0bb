//! `cargo xtask tidy`: rules that keep the repository as ARCHITECTURE.md and CONTRIBUTING.md describe it.
//!
//! Each rule is a pure function from the tree's files (or `cargo metadata`) to complaints, one file per subject.

mod edges;
mod files;
mod modules;
mod tree;
mod words;

use tree::Tree;

/// Checks every rule and prints the complaints; true if there are none.
pub(crate) fn report() -> bool {
    let complaints = check().unwrap_or_else(|why| vec![why]);
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!("tidy: {} complaints", complaints.len());
    complaints.is_empty()
}

fn check() -> Result<Vec<String>, String> {
    let tree = Tree::read(&crate::root())?;
    let mut complaints = edges::check(&edges::metadata()?);
    complaints.extend(files::check(&tree));
    complaints.extend(modules::check(&tree));
    complaints.extend(words::check(&tree));
    complaints.sort();
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_keeps_its_rules() {
        assert_eq!(super::check().unwrap(), Vec::<String>::new());
    }
}
