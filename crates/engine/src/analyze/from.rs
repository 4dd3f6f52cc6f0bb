//! FROM: tables, derived tables and joins. Folds their names, tells the scope about them, makes joins explicit.

use base::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArguments, Ident, Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, TableAlias,
    TableAliasColumnDef, TableFactor, TableFunctionArgs, TableWithJoins,
};

use super::failure::Clause;
use super::label::Labels;
use super::query::{Place, Rewriter, first_refused};
use super::scope::{fold, fold_alias, fold_table};

impl Rewriter<'_> {
    pub(super) fn table_with_joins(&mut self, tables: &mut TableWithJoins, labels: &mut Labels) -> Result<()> {
        self.table_factor(&mut tables.relation, labels)?;
        for join in &mut tables.joins {
            self.table_factor(&mut join.relation, labels)?;
            normalize_join(join)?;
        }
        Ok(())
    }

    fn table_factor(&mut self, factor: &mut TableFactor, labels: &mut Labels) -> Result<()> {
        refuse_table_clauses(factor)?;
        unwrap_table_function(factor);
        match factor {
            TableFactor::Table { name, alias, args, .. } => {
                if let Some(args) = args {
                    self.arguments(&mut args.args, Clause::From)?;
                    name_series(name, alias);
                }
                self.table(name, alias.as_mut(), labels);
            }
            TableFactor::Derived { subquery, alias: Some(alias), .. } => {
                let mut inner = self.query(subquery, Place::Inner)?;
                if !alias.columns.is_empty() {
                    inner.rename(&column_names(alias));
                }
                self.add_alias(alias);
                inner.expose(&alias.name.value, labels);
            }
            TableFactor::Derived { alias: None, .. } => {
                return Err(Error::invalid("Every derived table must have its own alias"));
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.table_with_joins(table_with_joins, labels)?;
                alias.iter_mut().for_each(|alias| self.add_alias(alias));
            }
            TableFactor::Function { args, alias, .. } => {
                self.arguments(args, Clause::From)?;
                alias.iter_mut().for_each(|alias| self.add_alias(alias));
            }
            TableFactor::TableFunction { expr, alias } => {
                self.expression(expr, Clause::From)?;
                alias.iter_mut().for_each(|alias| self.add_alias(alias));
            }
            TableFactor::UNNEST { array_exprs, alias, .. } => {
                for expr in array_exprs {
                    self.expression(expr, Clause::From)?;
                }
                alias.iter_mut().for_each(|alias| self.add_alias(alias));
            }
            other => return Err(Error::unsupported("this kind of table reference").with("found", other)),
        }
        Ok(())
    }

    fn table(&mut self, name: &mut ObjectName, alias: Option<&mut TableAlias>, labels: &mut Labels) {
        let is_cte = |wanted: &str| self.ctes.iter().any(|(cte, _)| cte == wanted);
        fold_table(name, is_cte, self.facts.database);
        let known_as = match alias {
            Some(alias) => {
                self.add_alias(alias);
                alias.name.value.clone()
            }
            None => {
                self.scopes.iter_mut().next_back().into_iter().for_each(|scope| scope.add_table(name));
                name.0.last().and_then(ObjectNamePart::as_ident).map_or_else(String::new, |ident| ident.value.clone())
            }
        };
        if let [ObjectNamePart::Identifier(only)] = name.0.as_slice()
            && let Some((_, columns)) = self.ctes.iter().rev().find(|(cte, _)| *cte == only.value)
        {
            columns.expose(&known_as, labels);
        }
    }

    fn add_alias(&mut self, alias: &mut TableAlias) {
        fold_alias(alias);
        if let Some(scope) = self.scopes.last_mut() {
            scope.add_alias(&alias.name.value);
        }
    }

    /// ON and USING, once all tables of the FROM are known.
    pub(super) fn join_conditions(&mut self, tables: &mut TableWithJoins) -> Result<()> {
        if let TableFactor::NestedJoin { table_with_joins, .. } = &mut tables.relation {
            self.join_conditions(table_with_joins)?;
        }
        for join in &mut tables.joins {
            if let TableFactor::NestedJoin { table_with_joins, .. } = &mut join.relation {
                self.join_conditions(table_with_joins)?;
            }
            match constraint(&mut join.join_operator) {
                Some(JoinConstraint::On(condition)) => self.condition(condition, Clause::On)?,
                Some(JoinConstraint::Using(columns)) => {
                    columns.iter_mut().flat_map(|column| &mut column.0).for_each(|part| {
                        if let ObjectNamePart::Identifier(ident) = part {
                            fold(ident);
                        }
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The column names of `alias (a, b)`, as written.
pub(super) fn column_names(alias: &TableAlias) -> Vec<Ident> {
    alias.columns.iter().map(|column| column.name.clone()).collect()
}

/// `FROM dual` is no FROM.
pub(super) fn drop_dual(from: &mut Vec<TableWithJoins>) {
    let is_dual = |name: &ObjectName| {
        matches!(name.0.as_slice(), [ObjectNamePart::Identifier(ident)]
            if ident.value.eq_ignore_ascii_case("dual") && ident.quote_style.is_none())
    };
    if let [TableWithJoins { relation: TableFactor::Table { name, .. }, joins }] = from.as_slice()
        && joins.is_empty()
        && is_dual(name)
    {
        from.clear();
    }
}

/// STRAIGHT_JOIN only advises on the order; a join without condition is a cross join.
fn normalize_join(join: &mut Join) -> Result<()> {
    let operator = std::mem::replace(&mut join.join_operator, JoinOperator::CrossJoin(JoinConstraint::None));
    join.join_operator = match operator {
        JoinOperator::Join(JoinConstraint::None)
        | JoinOperator::Inner(JoinConstraint::None)
        | JoinOperator::StraightJoin(JoinConstraint::None)
        | JoinOperator::CrossJoin(JoinConstraint::None) => JoinOperator::CrossJoin(JoinConstraint::None),
        JoinOperator::Join(constraint)
        | JoinOperator::StraightJoin(constraint)
        | JoinOperator::CrossJoin(constraint) => JoinOperator::Inner(constraint),
        other => other,
    };
    let is_cross = matches!(join.join_operator, JoinOperator::CrossJoin(_));
    let keeps_right =
        matches!(join.join_operator, JoinOperator::Right(_) | JoinOperator::RightOuter(_) | JoinOperator::FullOuter(_));
    match constraint(&mut join.join_operator) {
        Some(JoinConstraint::None) if !is_cross => Err(Error::invalid("an outer, semi or anti join needs ON or USING")),
        // DataFusion takes the shared column from the left side, where such rows have none.
        Some(JoinConstraint::Using(_) | JoinConstraint::Natural) if keeps_right => {
            Err(Error::unsupported("a RIGHT or FULL join with USING is not supported yet, write ON"))
        }
        None => Err(Error::unsupported("this kind of join").with("join", join)),
        _ => Ok(()),
    }
}

fn constraint(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    use JoinOperator as J;
    match operator {
        J::Join(c) | J::Inner(c) | J::Left(c) | J::LeftOuter(c) | J::Right(c) | J::RightOuter(c) => Some(c),
        J::FullOuter(c) | J::CrossJoin(c) | J::StraightJoin(c) => Some(c),
        J::Semi(c) | J::LeftSemi(c) | J::RightSemi(c) | J::Anti(c) | J::LeftAnti(c) | J::RightAnti(c) => Some(c),
        _ => None,
    }
}

/// Clauses that DataFusion would drop without a word.
fn refuse_table_clauses(factor: &TableFactor) -> Result<()> {
    match factor {
        TableFactor::Table {
            version, partitions, json_path, sample, with_hints, with_ordinality, index_hints, ..
        } => first_refused(&[
            (version.is_some(), "reading an older version of a table"),
            (!partitions.is_empty(), "PARTITION after a table name in FROM"),
            (json_path.is_some(), "a JSON path after a table name"),
            (sample.is_some(), "SAMPLE or TABLESAMPLE"),
            (!with_hints.is_empty(), "WITH hints after a table name"),
            (!index_hints.is_empty(), "an index hint"),
            (*with_ordinality, "WITH ORDINALITY"),
        ]),
        TableFactor::Derived { sample, .. } => first_refused(&[(sample.is_some(), "SAMPLE or TABLESAMPLE")]),
        _ => Ok(()),
    }
}

/// `TABLE(f(a))` is StarRocks' way to write `f(a)` in FROM.
fn unwrap_table_function(factor: &mut TableFactor) {
    let TableFactor::TableFunction { expr: Expr::Function(function), alias } = factor else { return };
    let FunctionArguments::List(list) = &mut function.args else { return };
    *factor = TableFactor::Table {
        name: function.name.clone(),
        alias: alias.take(),
        args: Some(TableFunctionArgs { args: std::mem::take(&mut list.args), settings: None }),
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    };
}

/// The column of `generate_series` has the function's name in StarRocks, unless the alias names it.
fn name_series(function: &ObjectName, alias: &mut Option<TableAlias>) {
    let [ObjectNamePart::Identifier(name)] = function.0.as_slice() else { return };
    if !name.value.eq_ignore_ascii_case("generate_series") {
        return;
    }
    let name = Ident::new("generate_series");
    let alias =
        alias.get_or_insert_with(|| TableAlias { explicit: true, name: name.clone(), columns: Vec::new(), at: None });
    if alias.columns.is_empty() {
        alias.columns.push(TableAliasColumnDef::from_name(name.value));
    }
}
