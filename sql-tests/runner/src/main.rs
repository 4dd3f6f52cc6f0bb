//! `sql-tests`: see the library.

fn main() -> std::process::ExitCode {
    sql_tests::main()
}
