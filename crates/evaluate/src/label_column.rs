//! Where a table has the diagnoses: in one column, in one of numbers for each diagnosis (one-hot), or in one for each
//! level of a tree.

use crate::EvaluateError;
use crate::published::{LABEL_COLUMNS, LEVEL_COLUMNS};
use crate::table::{Table, number};

/// The column, or the columns, of the diagnoses.
#[derive(Debug)]
pub(crate) struct LabelColumn {
    /// What it is called; several are joined by `/`.
    pub(crate) name: String,
    pub(crate) columns: Vec<usize>,
    form: Form,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    One,
    OneHot,
    Levels,
}

impl LabelColumn {
    /// The one that was asked for; without a wish, what published tables have.
    pub(crate) fn find(table: &Table, wanted: Option<&str>) -> Result<Self, EvaluateError> {
        match wanted {
            None => Self::likely(table).ok_or_else(|| table.without(LABEL_COLUMNS, "the diagnoses")),
            Some(name) => match table.require(name) {
                Ok(column) => Ok(Self::one(table, column)),
                Err(error) => Self::several(table).into_iter().find(|several| several.name == name).ok_or(error),
            },
        }
    }

    pub(crate) fn likely(table: &Table) -> Option<Self> {
        // The levels are the finer ones where a table has both.
        Self::levels(table)
            .or_else(|| table.find_one_of(LABEL_COLUMNS).map(|column| Self::one(table, column)))
            .or_else(|| Self::one_hot(table))
    }

    /// Those that no single column of the table is.
    pub(crate) fn several(table: &Table) -> Vec<Self> {
        [Self::levels(table), Self::one_hot(table)].into_iter().flatten().collect()
    }

    fn one(table: &Table, column: usize) -> Self {
        Self { name: table.header[column].clone(), columns: vec![column], form: Form::One }
    }

    fn levels(table: &Table) -> Option<Self> {
        let columns: Vec<usize> = LEVEL_COLUMNS.iter().filter_map(|name| table.find_one_of(&[name])).collect();
        (columns.len() > 1).then(|| Self::joined(table, columns, Form::Levels))
    }

    /// Columns of nothing but 0 and 1, of which no row has more than one 1.
    fn one_hot(table: &Table) -> Option<Self> {
        let ones = |column: usize| table.rows.iter().map(move |row| number(&row[column]));
        let binary = |&column: &usize| ones(column).all(|value| value == Some(0.0) || value == Some(1.0));
        let columns: Vec<usize> = (0..table.header.len()).filter(binary).collect();
        let marked = |row: &[String]| columns.iter().filter(|&&column| number(&row[column]) == Some(1.0)).count();
        let fits = columns.len() > 1 && table.rows.iter().all(|row| marked(row) <= 1);
        fits.then(|| Self::joined(table, columns, Form::OneHot))
    }

    fn joined(table: &Table, columns: Vec<usize>, form: Form) -> Self {
        let names: Vec<&str> = columns.iter().map(|&column| table.header[column].as_str()).collect();
        Self { name: names.join("/"), columns, form }
    }

    /// The diagnosis of a row.
    pub(crate) fn of(&self, table: &Table, row: &[String]) -> Diagnosis {
        let values = self.columns.iter().map(|&column| row[column].clone());
        match self.form {
            Form::One => Diagnosis(values.collect()),
            Form::Levels => Diagnosis(values.filter(|value| !value.is_empty()).collect()),
            Form::OneHot => {
                let one = self.columns.iter().find(|&&column| number(&row[column]) == Some(1.0));
                let name = one.map_or_else(|| format!("none of {}", self.name), |&column| table.header[column].clone());
                Diagnosis(vec![name])
            }
        }
    }
}

/// What a row says of the diagnosis, the coarsest name first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Diagnosis(Vec<String>);

impl Diagnosis {
    /// The names to look for: all levels together, then the finest.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        std::iter::once(self.whole()).chain(self.0.iter().rev().cloned())
    }

    /// How errors and `--map` call it.
    pub(crate) fn whole(&self) -> String {
        self.0.join(" / ")
    }
}

#[cfg(test)]
mod tests {
    use super::LabelColumn;
    use crate::table::Table;

    fn found(csv: &str, wanted: Option<&str>) -> Result<(String, Vec<String>), String> {
        let table = Table::read(csv, "the labels").unwrap();
        let label = LabelColumn::find(&table, wanted).map_err(|error| error.to_string())?;
        let all = table.rows.iter().map(|row| label.of(&table, row).whole()).collect();
        Ok((label.name, all))
    }

    #[test]
    fn diagnoses_are_found_in_one_column_or_in_several() {
        let one_hot = "image,MEL,NV\na,1.0,0.0\nb,0.0,1.0\nc,0,0\n";
        let (name, labels) = found(one_hot, None).unwrap();
        assert_eq!((name.as_str(), labels), ("MEL/NV", vec!["MEL".into(), "NV".into(), "none of MEL/NV".into()]));
        assert_eq!(found(one_hot, Some("MEL/NV")).unwrap().1[0], "MEL");
        assert_eq!(found(one_hot, Some("mel")).unwrap().1[0], "1.0");
        let levels = "isic_id,diagnosis_1,diagnosis_3,age\na,Benign,Nevus,4\nb,Malignant,,5\n";
        assert_eq!(found(levels, None).unwrap().1, ["Benign / Nevus", "Malignant"]);
        assert_eq!(found("file,DX,smoke,drink\na,nv,0,1\nb,mel,0,0\n", None).unwrap().0, "DX");
        let soft = found("image,MEL,NV\na,0.5,0.5\n", None).unwrap_err();
        assert!(soft.contains("no column of the diagnoses") && soft.contains("MEL, NV"), "{soft}");
        assert!(found("image,MEL,NV\na,1,1\n", None).is_err(), "two diagnoses at a time are no label");
    }
}
