use super::*;
use std::path::Path;

fn parse(line: &str) -> Result<Command, clap::Error> {
    CommandLine::try_parse_from(line.split(' ')).map(|c| c.command)
}

#[test]
fn the_server_takes_what_scripts_pass() {
    let Ok(Command::Server(args)) =
        parse("viewmill server --data-dir d --set query_port=0 --set http_port=1 --log-format json")
    else {
        panic!("expected the command server")
    };
    assert_eq!((args.data_dir.as_path(), args.config.set.len()), (Path::new("d"), 2));
    assert!(matches!(args.log_format, LogFormatArg::Json));
    assert_eq!(args.config.load().unwrap().integer("http_port"), 1);
}

#[test]
fn a_server_has_a_data_directory_by_default() {
    let Ok(Command::Server(args)) = parse("viewmill server") else { panic!("expected the command server") };
    assert_eq!(args.data_dir, Path::new("./viewmill-data"));
}

#[test]
fn sql_reads_from_one_place() {
    let input = |line: &str| match parse(line) {
        Ok(Command::Sql(args)) => args.into_options().input,
        other => panic!("expected the command sql, not {other:?}"),
    };
    assert_eq!(input("viewmill sql -e x"), client::Input::Text("x".into()));
    assert_eq!(input("viewmill sql f.sql"), client::Input::File("f.sql".into()));
    assert_eq!(input("viewmill sql -"), client::Input::Stdin);
    assert!(parse("viewmill sql -e x f.sql").is_err());
}

#[test]
fn sql_options_reach_the_client() {
    let Ok(Command::Sql(args)) =
        parse("viewmill sql --host h --port 1 --user u --password p --database d --format csv --force -e x")
    else {
        panic!("expected the command sql")
    };
    let o = args.into_options();
    assert_eq!((o.host.as_str(), o.port, o.user.as_str()), ("h", 1, "u"));
    assert_eq!((o.password.as_deref(), o.database.as_deref()), (Some("p"), Some("d")));
    assert_eq!((o.format, o.force), (client::Format::Csv, true));
}

#[test]
fn a_wrong_command_line_is_told_in_one_line() {
    for (line, part) in [
        ("viewmill server --sett a=1", "--sett"),
        ("viewmill sql --format xml", "xml"),
        ("viewmill nosuch", "nosuch"),
        ("viewmill server --log-format", "--log-format"),
    ] {
        let message = one_line(&parse(line).unwrap_err().to_string());
        assert!(!message.contains('\n') && message.starts_with("viewmill: ") && message.contains(part), "{message}");
    }
}

#[test]
fn effective_configuration_can_be_loaded_again_and_hides_secrets() {
    let set = ["root_password=hush", "query_port=7", "storage_url=s3://a/b\"c"].map(String::from);
    let config = Config::load(None, std::iter::empty(), &set).unwrap();
    let text = effective(&config);
    assert!(!text.contains("hush"), "{text}");
    let table: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(table.contains(&"query_port = 7") && table.contains(&"storage_url = \"s3://a/b\\\"c\""), "{text}");
    assert_eq!(text.lines().count(), config::KEYS.len());
}

#[test]
fn the_reference_page_is_what_the_program_prints() {
    let page = include_str!("../../../../docs/reference/configuration.md");
    assert_eq!(page, config::reference(), "run: viewmill config --reference > docs/reference/configuration.md");
}

#[test]
fn the_sample_configuration_names_every_key_with_its_default() {
    let sample = include_str!("../../../../conf/fe.toml");
    let defaults = effective(&Config::default());
    for line in defaults.lines().map(|l| l.trim_start_matches("# ")).filter(|l| !l.contains("******")) {
        assert!(sample.lines().any(|s| s == format!("# {line}")), "conf/fe.toml lacks: # {line}");
    }
    let named = sample.lines().filter(|l| l.contains(" = ")).count();
    assert_eq!(named, config::KEYS.len(), "conf/fe.toml names keys that do not exist, or some twice");
}

#[test]
fn the_sample_configuration_of_a_compute_node_has_keys_that_exist() {
    let sample = include_str!("../../../../conf/cn.toml");
    for line in sample.lines().filter(|line| line.contains(" = ") && !line.contains("rpc_port")) {
        let line = line.trim_start_matches("# ");
        let known = line.contains("auth_token") || effective(&Config::default()).lines().any(|l| l == line);
        assert!(known, "conf/cn.toml has another default or an unknown key: {line}");
    }
}

#[test]
fn any_address_is_reached_by_loopback() {
    for (bind, host) in [("0.0.0.0", "127.0.0.1"), ("[::]", "::1"), ("[fd00::1]", "fd00::1"), ("10.0.0.1", "10.0.0.1")]
    {
        assert_eq!(reachable(bind), host);
    }
}
