//! One Parquet file in the making: row groups encoded in parallel, appended in turn, kept in memory until stored.

use super::{sort, stats};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use base::{Error, ErrorKind, Result};
use bytes::Bytes;
use catalog::{Column, ColumnStats, DataFile, Layout};
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::add_encoded_arrow_schema_to_metadata;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::TypePtr;
use std::sync::Arc;

/// Rows of a page: the grain of pruning inside a row group.
const PAGE_ROWS: usize = 20_000;

/// How a table's files are encoded.
pub(super) struct Encoding {
    schema: SchemaRef,
    columns: Vec<Column>,
    sort_key: Vec<usize>,
    properties: WriterPropertiesPtr,
    root: TypePtr,
}

impl Encoding {
    pub(super) fn new(schema: &SchemaRef, columns: &[Column], layout: &Layout) -> Result<Self> {
        let compression = compression(layout.properties.get("compression").map_or("ZSTD", String::as_str))?;
        let mut properties = WriterProperties::builder()
            .set_compression(compression)
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS.min(8192))
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_max_row_group_row_count(None)
            .build();
        let parquet = ArrowSchemaConverter::new().convert(schema).map_err(failed)?;
        add_encoded_arrow_schema_to_metadata(schema, &mut properties);
        let position = |id| columns.iter().position(|c| c.id == id);
        Ok(Encoding {
            schema: SchemaRef::clone(schema),
            columns: columns.to_vec(),
            sort_key: layout.sort_key.iter().filter_map(|id| position(*id)).collect(),
            properties: Arc::new(properties),
            root: parquet.root_schema_ptr(),
        })
    }

    fn writer(&self) -> Result<SerializedFileWriter<Vec<u8>>> {
        SerializedFileWriter::new(Vec::new(), TypePtr::clone(&self.root), Arc::clone(&self.properties)).map_err(failed)
    }
}

/// The codec that StarRocks' table property `compression` names.
pub(crate) fn compression(name: &str) -> Result<Compression> {
    let upper = name.to_uppercase();
    Ok(match upper.as_str() {
        "ZSTD" => Compression::ZSTD(ZstdLevel::try_new(1).map_err(failed)?),
        "LZ4" => Compression::LZ4_RAW,
        "SNAPPY" => Compression::SNAPPY,
        "NONE" | "NO_COMPRESSION" => Compression::UNCOMPRESSED,
        other => {
            let level =
                other.strip_prefix("ZSTD(").and_then(|r| r.strip_suffix(')')).and_then(|n| n.trim().parse().ok());
            let level: i32 = level.filter(|n| (1..=22).contains(n)).ok_or_else(|| {
                let message = "compression must be LZ4, ZSTD, ZSTD(1) to ZSTD(22), SNAPPY or NONE";
                Error::new(ErrorKind::WrongValue, message).with("compression", name)
            })?;
            Compression::ZSTD(ZstdLevel::try_new(level).map_err(failed)?)
        }
    })
}

/// An encoded row group that belongs to no file yet.
pub(super) struct RowGroup {
    chunks: Vec<ArrowColumnChunk>,
    rows: u64,
    stats: Vec<ColumnStats>,
}

impl RowGroup {
    /// Sorts and encodes the rows; the expensive part of writing.
    pub(super) fn encode(encoding: &Encoding, batches: &[RecordBatch]) -> Result<Self> {
        let rows = sort::sorted(batches, &encoding.sort_key)?;
        let stats = encoding.columns.iter().zip(rows.columns()).map(|(c, array)| stats::of(c.id, array)).collect();
        // The factory only reads the writer's schema and properties.
        let factory = ArrowRowGroupWriterFactory::new(&encoding.writer()?, SchemaRef::clone(&encoding.schema));
        let mut writers = factory.create_column_writers(0).map_err(failed)?.into_iter();
        let mut chunks = Vec::with_capacity(encoding.columns.len());
        for (field, array) in encoding.schema.fields().iter().zip(rows.columns()) {
            for leaf in compute_leaves(field, array).map_err(failed)? {
                let mut writer = writers.next().ok_or_else(|| Error::internal("a column has no writer"))?;
                writer.write(&leaf).map_err(failed)?;
                chunks.push(writer.close().map_err(failed)?);
            }
        }
        Ok(RowGroup { chunks, rows: rows.num_rows() as u64, stats })
    }
}

pub(super) struct OpenFile {
    writer: SerializedFileWriter<Vec<u8>>,
    rows: u64,
    groups: usize,
    stats: Vec<ColumnStats>,
}

impl OpenFile {
    pub(super) fn new(encoding: &Encoding) -> Result<Self> {
        Ok(OpenFile { writer: encoding.writer()?, rows: 0, groups: 0, stats: Vec::new() })
    }

    pub(super) fn append(&mut self, group: RowGroup) -> Result<()> {
        let mut writer = self.writer.next_row_group().map_err(failed)?;
        for chunk in group.chunks {
            chunk.append_to_row_group(&mut writer).map_err(failed)?;
        }
        writer.close().map_err(failed)?;
        self.stats = if self.groups == 0 {
            group.stats
        } else {
            let both = std::mem::take(&mut self.stats).into_iter().zip(group.stats);
            both.map(|(a, b)| stats::merge(a, b, self.rows, group.rows)).collect()
        };
        self.rows += group.rows;
        self.groups += 1;
        Ok(())
    }

    /// Encoded so far.
    pub(super) fn bytes(&self) -> usize {
        self.writer.bytes_written()
    }

    pub(super) fn close(self, path: &str) -> Result<(Bytes, DataFile)> {
        let bytes = Bytes::from(self.writer.into_inner().map_err(failed)?);
        let file = DataFile {
            path: path.to_string(),
            rows: self.rows,
            bytes: bytes.len() as u64,
            columns: self.stats,
            sorted: self.groups == 1,
        };
        Ok((bytes, file))
    }
}

fn failed(e: parquet::errors::ParquetError) -> Error {
    Error::internal("could not encode a Parquet file").caused_by(e)
}
