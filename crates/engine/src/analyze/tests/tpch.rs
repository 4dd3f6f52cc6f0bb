//! The 22 shapes of TPC-H give with MySQL semantics what plain DataFusion gives.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int32Array, Int64Array, StringViewArray};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::fixture::{Session, print, table};

/// 1993-01-01.
const FIRST_DAY: i32 = 8401;

/// Some value that looks random but is not.
fn mix(row: usize, salt: usize, below: usize) -> usize {
    (row.wrapping_mul(2_654_435_761).wrapping_add(salt.wrapping_mul(40_503)) >> 7) % below
}

fn keys(rows: usize) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(0..rows as i64))
}

fn key(rows: usize, salt: usize, below: usize) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values((0..rows).map(|row| mix(row, salt, below) as i64)))
}

fn number(rows: usize, salt: usize, below: usize) -> ArrayRef {
    Arc::new(Int32Array::from_iter_values((0..rows).map(|row| mix(row, salt, below) as i32 + 1)))
}

fn money(rows: usize, salt: usize, cents: usize) -> ArrayRef {
    let values = Decimal128Array::from_iter_values((0..rows).map(|row| mix(row, salt, cents) as i128));
    Arc::new(values.with_precision_and_scale(15, 2).unwrap())
}

fn day(rows: usize, salt: usize) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values((0..rows).map(|row| FIRST_DAY + mix(row, salt, 1400) as i32)))
}

fn word(rows: usize, salt: usize, words: &[&str]) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values((0..rows).map(|row| words[mix(row, salt, words.len())])))
}

fn tables() -> Vec<(&'static str, Arc<MemTable>)> {
    const NATIONS: &[&str] = &["FRANCE", "GERMANY", "BRAZIL", "SAUDI ARABIA", "CANADA"];
    let named = |prefix: &str, rows: usize| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values((0..rows).map(|row| format!("{prefix}{row:02}"))))
    };
    let phones: ArrayRef = Arc::new(StringViewArray::from_iter_values(
        (0..30).map(|row| format!("{}-555-{row:04}", 10 + mix(row, 1, 25))),
    ));
    vec![
        (
            "region",
            table(vec![
                ("r_regionkey", keys(3)),
                ("r_name", Arc::new(StringViewArray::from(vec!["EUROPE", "AMERICA", "ASIA"]))),
            ]),
        ),
        (
            "nation",
            table(vec![
                ("n_nationkey", keys(5)),
                ("n_name", Arc::new(StringViewArray::from(NATIONS.to_vec()))),
                ("n_regionkey", Arc::new(Int64Array::from(vec![0, 0, 1, 2, 1]))),
            ]),
        ),
        (
            "supplier",
            table(vec![
                ("s_suppkey", keys(10)),
                ("s_name", named("Supplier", 10)),
                ("s_address", named("street ", 10)),
                ("s_nationkey", key(10, 3, 5)),
                ("s_phone", named("9", 10)),
                ("s_acctbal", money(10, 4, 900_000)),
                ("s_comment", word(10, 5, &["nice", "Customer of the Complaints", "quiet"])),
            ]),
        ),
        (
            "customer",
            table(vec![
                ("c_custkey", keys(30)),
                ("c_name", named("Customer", 30)),
                ("c_address", named("road ", 30)),
                ("c_nationkey", key(30, 6, 5)),
                ("c_phone", phones),
                ("c_acctbal", money(30, 7, 900_000)),
                ("c_mktsegment", word(30, 8, &["BUILDING", "MACHINERY"])),
                ("c_comment", word(30, 9, &["a", "b"])),
            ]),
        ),
        (
            "part",
            table(vec![
                ("p_partkey", keys(20)),
                ("p_name", word(20, 10, &["green steel", "forest rug", "red lamp"])),
                ("p_mfgr", word(20, 11, &["M1", "M2"])),
                ("p_brand", word(20, 12, &["Brand#12", "Brand#23", "Brand#45"])),
                ("p_type", word(20, 13, &["PROMO BRASS", "ECONOMY ANODIZED STEEL", "MEDIUM POLISHED TIN"])),
                ("p_size", number(20, 14, 20)),
                ("p_container", word(20, 15, &["SM CASE", "MED BOX", "LG PACK"])),
            ]),
        ),
        (
            "partsupp",
            table(vec![
                ("ps_partkey", key(60, 16, 20)),
                ("ps_suppkey", key(60, 17, 10)),
                ("ps_availqty", number(60, 18, 5000)),
                ("ps_supplycost", money(60, 19, 100_000)),
            ]),
        ),
    ]
}

fn order_tables() -> Vec<(&'static str, Arc<MemTable>)> {
    vec![
        (
            "orders",
            table(vec![
                ("o_orderkey", keys(80)),
                ("o_custkey", key(80, 20, 25)),
                ("o_orderstatus", word(80, 21, &["F", "O"])),
                ("o_totalprice", money(80, 22, 40_000_000)),
                ("o_orderdate", day(80, 23)),
                ("o_orderpriority", word(80, 24, &["1-URGENT", "2-HIGH", "3-LOW"])),
                ("o_shippriority", number(80, 25, 1)),
                ("o_comment", word(80, 26, &["special requests", "plain"])),
            ]),
        ),
        (
            "lineitem",
            table(vec![
                ("l_orderkey", key(300, 27, 80)),
                ("l_partkey", key(300, 28, 20)),
                ("l_suppkey", key(300, 29, 10)),
                ("l_quantity", money(300, 30, 5000)),
                ("l_extendedprice", money(300, 31, 5_000_000)),
                ("l_discount", money(300, 32, 11)),
                ("l_tax", money(300, 33, 9)),
                ("l_returnflag", word(300, 34, &["A", "N", "R"])),
                ("l_linestatus", word(300, 35, &["F", "O"])),
                ("l_shipdate", day(300, 36)),
                ("l_commitdate", day(300, 37)),
                ("l_receiptdate", day(300, 38)),
                ("l_shipinstruct", word(300, 39, &["DELIVER IN PERSON", "NONE"])),
                ("l_shipmode", word(300, 40, &["AIR", "MAIL", "SHIP"])),
            ]),
        ),
    ]
}

pub(super) fn register(context: &SessionContext) {
    for (name, table) in tables().into_iter().chain(order_tables()) {
        context.register_table(name, table).unwrap();
    }
}

const REVENUE: &str = "sum(l_extendedprice * (1 - l_discount))";

/// `{R}` stands for the revenue expression.
const SHAPES: &[&str] = &[
    "select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty, {R} as disc, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as charge, cast(avg(l_quantity) as double) as a, count(*) as n from lineitem where l_shipdate <= date '1998-12-01' - interval '90' day group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus",
    "select s_acctbal, s_name, n_name, p_partkey from part, supplier, partsupp, nation, region where p_partkey = ps_partkey and s_suppkey = ps_suppkey and p_size > 3 and p_type like '%TIN' and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'EUROPE' and ps_supplycost = (select min(ps_supplycost) from partsupp, supplier, nation, region where p_partkey = ps_partkey and s_suppkey = ps_suppkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'EUROPE') order by s_acctbal desc, n_name, s_name, p_partkey limit 100",
    "select l_orderkey, {R} as revenue, o_orderdate, o_shippriority from customer, orders, lineitem where c_mktsegment = 'BUILDING' and c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15' and l_shipdate > date '1994-03-15' group by l_orderkey, o_orderdate, o_shippriority order by revenue desc, o_orderdate limit 10",
    "select o_orderpriority, count(*) as order_count from orders where o_orderdate >= date '1993-07-01' and o_orderdate < date '1993-07-01' + interval '3' month and exists (select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate) group by o_orderpriority order by o_orderpriority",
    "select n_name, {R} as revenue from customer, orders, lineitem, supplier, nation, region where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey and r_name = 'AMERICA' and o_orderdate >= date '1994-01-01' and o_orderdate < date '1994-01-01' + interval '1' year group by n_name order by revenue desc",
    "select sum(l_extendedprice * l_discount) as revenue from lineitem where l_shipdate >= date '1994-01-01' and l_shipdate < date '1994-01-01' + interval '1' year and l_discount between 0.06 - 0.01 and 0.06 + 0.01 and l_quantity < 24",
    "select supp_nation, cust_nation, l_year, sum(volume) as revenue from (select n1.n_name as supp_nation, n2.n_name as cust_nation, extract(year from l_shipdate) as l_year, l_extendedprice * (1 - l_discount) as volume from supplier, lineitem, orders, customer, nation n1, nation n2 where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey and s_nationkey = n1.n_nationkey and c_nationkey = n2.n_nationkey and ((n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') or (n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE')) and l_shipdate between date '1993-01-01' and date '1996-12-31') as shipping group by supp_nation, cust_nation, l_year order by supp_nation, cust_nation, l_year",
    "select o_year, cast(sum(case when nation = 'BRAZIL' then volume else 0 end) as double) / cast(sum(volume) as double) as mkt_share from (select extract(year from o_orderdate) as o_year, l_extendedprice * (1 - l_discount) as volume, n2.n_name as nation from part, supplier, lineitem, orders, customer, nation n1, nation n2, region where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey and o_custkey = c_custkey and c_nationkey = n1.n_nationkey and n1.n_regionkey = r_regionkey and r_name = 'AMERICA' and s_nationkey = n2.n_nationkey and p_type = 'ECONOMY ANODIZED STEEL') as all_nations group by o_year order by o_year",
    "select nation, o_year, sum(amount) as sum_profit from (select n_name as nation, extract(year from o_orderdate) as o_year, l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity as amount from part, supplier, lineitem, partsupp, orders, nation where s_suppkey = l_suppkey and ps_suppkey = l_suppkey and ps_partkey = l_partkey and p_partkey = l_partkey and o_orderkey = l_orderkey and s_nationkey = n_nationkey and p_name like '%green%') as profit group by nation, o_year order by nation, o_year desc",
    "select c_custkey, c_name, {R} as revenue, c_acctbal, n_name from customer, orders, lineitem, nation where c_custkey = o_custkey and l_orderkey = o_orderkey and o_orderdate >= date '1993-10-01' and o_orderdate < date '1993-10-01' + interval '3' month and l_returnflag = 'R' and c_nationkey = n_nationkey group by c_custkey, c_name, c_acctbal, n_name order by revenue desc, c_custkey limit 20",
    "select ps_partkey, sum(ps_supplycost * ps_availqty) as v from partsupp, supplier, nation where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY' group by ps_partkey having sum(ps_supplycost * ps_availqty) > (select sum(ps_supplycost * ps_availqty) * 0.0001 from partsupp, supplier, nation where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY') order by v desc, ps_partkey",
    "select l_shipmode, sum(case when o_orderpriority = '1-URGENT' or o_orderpriority = '2-HIGH' then 1 else 0 end) as high, sum(case when o_orderpriority <> '1-URGENT' and o_orderpriority <> '2-HIGH' then 1 else 0 end) as low from orders, lineitem where o_orderkey = l_orderkey and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate and l_shipdate < l_commitdate and l_receiptdate >= date '1994-01-01' and l_receiptdate < date '1994-01-01' + interval '1' year group by l_shipmode order by l_shipmode",
    "select c_count, count(*) as custdist from (select c_custkey, count(o_orderkey) from customer left outer join orders on c_custkey = o_custkey and o_comment not like '%special%requests%' group by c_custkey) as c_orders (c_custkey, c_count) group by c_count order by custdist desc, c_count desc",
    "select cast(100.00 * sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount) else 0 end) as double) / cast({R} as double) as promo from lineitem, part where l_partkey = p_partkey and l_shipdate >= date '1995-09-01' and l_shipdate < date '1995-09-01' + interval '1' month",
    "with revenue (supplier_no, total_revenue) as (select l_suppkey, {R} from lineitem where l_shipdate >= date '1996-01-01' and l_shipdate < date '1996-01-01' + interval '3' month group by l_suppkey) select s_suppkey, s_name, total_revenue from supplier, revenue where s_suppkey = supplier_no and total_revenue = (select max(total_revenue) from revenue) order by s_suppkey",
    "select p_brand, p_type, p_size, count(distinct ps_suppkey) as cnt from partsupp, part where p_partkey = ps_partkey and p_brand <> 'Brand#45' and p_type not like 'MEDIUM POLISHED%' and p_size in (1, 3, 5, 7, 9, 11, 13, 15) and ps_suppkey not in (select s_suppkey from supplier where s_comment like '%Customer%Complaints%') group by p_brand, p_type, p_size order by cnt desc, p_brand, p_type, p_size",
    "select cast(sum(l_extendedprice) as double) / 7.0e0 as avg_yearly from lineitem, part where p_partkey = l_partkey and p_brand = 'Brand#23' and p_container = 'MED BOX' and l_quantity < (select 0.7 * avg(l_quantity) from lineitem where l_partkey = p_partkey)",
    "select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) as q from customer, orders, lineitem where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 100) and c_custkey = o_custkey and o_orderkey = l_orderkey group by c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice order by o_totalprice desc, o_orderdate limit 100",
    "select {R} as revenue from lineitem, part where (p_partkey = l_partkey and p_brand = 'Brand#12' and p_container in ('SM CASE', 'SM BOX') and l_quantity >= 1 and l_quantity <= 1 + 10 and p_size between 1 and 15 and l_shipmode in ('AIR', 'AIR REG')) or (p_partkey = l_partkey and p_brand = 'Brand#23' and l_quantity >= 10 and l_quantity <= 10 + 30 and p_size between 1 and 10 and l_shipinstruct = 'DELIVER IN PERSON')",
    "select s_name, s_address from supplier, nation where s_suppkey in (select ps_suppkey from partsupp where ps_partkey in (select p_partkey from part where p_name like 'forest%') and ps_availqty > (select 0.5 * sum(l_quantity) from lineitem where l_partkey = ps_partkey and l_suppkey = ps_suppkey and l_shipdate >= date '1994-01-01' and l_shipdate < date '1994-01-01' + interval '1' year)) and s_nationkey = n_nationkey order by s_name",
    "select s_name, count(*) as numwait from supplier, lineitem l1, orders, nation where s_suppkey = l1.l_suppkey and o_orderkey = l1.l_orderkey and o_orderstatus = 'F' and l1.l_receiptdate > l1.l_commitdate and exists (select * from lineitem l2 where l2.l_orderkey = l1.l_orderkey and l2.l_suppkey <> l1.l_suppkey) and not exists (select * from lineitem l3 where l3.l_orderkey = l1.l_orderkey and l3.l_suppkey <> l1.l_suppkey and l3.l_receiptdate > l3.l_commitdate) and s_nationkey = n_nationkey group by s_name order by numwait desc, s_name limit 100",
    "select cntrycode, count(*) as numcust, sum(c_acctbal) as totacctbal from (select substring(c_phone from 1 for 2) as cntrycode, c_acctbal from customer where substring(c_phone from 1 for 2) in ('13', '31', '23', '29', '30', '18', '17') and c_acctbal > (select avg(c_acctbal) from customer where c_acctbal > 0.00 and substring(c_phone from 1 for 2) in ('13', '31', '23', '29', '30', '18', '17')) and not exists (select * from orders where o_custkey = c_custkey)) as custsale group by cntrycode order by cntrycode",
];

#[test]
fn tpch_shapes_are_unharmed() {
    let config = SessionConfig::new().with_target_partitions(1);
    let plain = SessionContext::new_with_config(config);
    functions::all().aggregate.iter().for_each(|f| plain.register_udaf(f.as_ref().clone()));
    register(&plain);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let session = Session::new();
    let mut rows = 0;
    for (number, shape) in SHAPES.iter().enumerate() {
        let sql = shape.replace("{R}", REVENUE);
        let expected = runtime.block_on(async {
            let options = "set datafusion.sql_parser.parse_float_as_decimal = true";
            plain.sql(options).await.unwrap().collect().await.unwrap();
            plain.sql(&sql).await.unwrap().collect().await.unwrap()
        });
        rows += expected.iter().map(|batch| batch.num_rows()).sum::<usize>();
        let answer = session.ask(&sql);
        let found: Vec<&str> = answer.split(" | ").skip(1).collect();
        assert!(!answer.starts_with("error"), "{}: {answer}", number + 1);
        assert_eq!(found, print(&expected), "query {}", number + 1);
    }
    assert!(rows > 50, "the data answers too few of the queries: {rows}");
}
