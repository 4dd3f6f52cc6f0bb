//! The binary `viewmill`: everything is in the library.

fn main() -> std::process::ExitCode {
    server::args::main()
}
