//! Files cut into pieces of about equal size, one for each thread of a scan. Smaller ones, taken from a common queue, made
//! nothing faster and opening them cost 5 % of TPC-H's CPU time.

use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::FileGroup;

/// Opening a piece costs as much as reading some of it.
const PIECE_BYTES_MIN: u64 = 4 << 20;

/// The files in at most `partitions` groups of about equal size, in their order.
pub(crate) fn groups(files: Vec<PartitionedFile>, partitions: usize) -> Vec<FileGroup> {
    let partitions = partitions.max(1) as u64;
    let bytes: u64 = files.iter().map(PartitionedFile::effective_size).sum();
    let piece_bytes = bytes.div_ceil(partitions).max(PIECE_BYTES_MIN);
    let mut groups = vec![Vec::new(); partitions as usize];
    let mut before = 0;
    for piece in files.into_iter().flat_map(|file| cut(file, piece_bytes)) {
        // A piece belongs where its middle is.
        let middle = before + piece.effective_size() / 2;
        before += piece.effective_size();
        let group = (middle * partitions).checked_div(bytes).unwrap_or(0).min(partitions - 1);
        groups[group as usize].push(piece);
    }
    groups.into_iter().filter(|group| !group.is_empty()).map(FileGroup::new).collect()
}

/// A file, or the part of it that is to be read, in equal parts. One part stays as it is.
fn cut(file: PartitionedFile, piece_bytes: u64) -> Vec<PartitionedFile> {
    let count = file.effective_size().div_ceil(piece_bytes);
    if count <= 1 {
        return vec![file];
    }
    let (start, bytes) = (file.range.as_ref().map_or(0, |range| range.start), file.effective_size());
    let bound = |n: u64| start + (bytes * n / count) as i64;
    (0..count).map(|n| file.clone().with_range(bound(n), bound(n + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(files: &[u64], partitions: usize) -> Vec<Vec<(i64, i64)>> {
        let files = files.iter().map(|bytes| PartitionedFile::new("f", *bytes)).collect();
        let bounds = |f: &PartitionedFile| {
            f.range.as_ref().map_or((0, f.object_meta.size as i64), |range| (range.start, range.end))
        };
        groups(files, partitions).iter().map(|group| group.files().iter().map(bounds).collect()).collect()
    }

    #[test]
    fn a_large_file_is_cut_without_gaps() {
        let size = (100 << 20) + 7;
        let groups = bounds(&[size], 2);
        assert_eq!(groups.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
        let pieces: Vec<_> = groups.into_iter().flatten().collect();
        assert_eq!((pieces.first().unwrap().0, pieces.last().unwrap().1), (0, size as i64));
        assert!(pieces.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }

    #[test]
    fn small_files_stay_whole_and_are_dealt_out_by_size() {
        assert_eq!(bounds(&[10, 10, 10, 10], 2), [[(0, 10), (0, 10)], [(0, 10), (0, 10)]]);
        assert_eq!(bounds(&[30, 1, 1, 1], 2), [vec![(0, 30)], vec![(0, 1), (0, 1), (0, 1)]]);
        assert_eq!(bounds(&[5], 4).len(), 1);
        assert_eq!(bounds(&[0], 4).len(), 1);
    }

    #[test]
    fn a_piece_can_be_cut_again() {
        let piece = PartitionedFile::new("f", 100 << 20).with_range(10, 10 + (64 << 20));
        let again: Vec<_> = cut(piece, 32 << 20).into_iter().map(|f| f.range.unwrap()).collect();
        assert_eq!((again[0].start, again[0].end), (10, 10 + (32 << 20)));
        assert_eq!((again[1].start, again[1].end), (10 + (32 << 20), 10 + (64 << 20)));
    }
}
