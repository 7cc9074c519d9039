//! Arithmetic on constants: array lengths and workgroup sizes computed from specialisation constants.

use spirv::Op;

use crate::{module::Module, raw_type::RawType};

/// The value of an `OpSpecConstantOp` of type `ty` under the constants' defaults. None for what is not integer arithmetic.
pub fn evaluate(module: &Module, ty: u32, op: Op, operands: &[u32]) -> Option<u64> {
    if op == Op::CompositeExtract {
        let &[composite, index] = operands else {
            return None;
        };
        let constituents = module.composites.get(&composite)?;
        let constituent = constituents.get(usize::try_from(index).ok()?)?;
        return Some(module.constants.get(constituent)?.value);
    }
    let operand = |index: usize| module.constants.get(operands.get(index)?).copied();
    let unsigned = |index| operand(index).map(|constant| constant.value);
    let signed = |index| operand(index).map(|constant| sign_extend(constant.value, width(module, constant.ty)));
    let value = match op {
        Op::IAdd => unsigned(0)?.wrapping_add(unsigned(1)?),
        Op::ISub => unsigned(0)?.wrapping_sub(unsigned(1)?),
        Op::IMul => unsigned(0)?.wrapping_mul(unsigned(1)?),
        Op::UDiv => unsigned(0)?.checked_div(unsigned(1)?)?,
        Op::SDiv => signed(0)?.checked_div(signed(1)?)? as u64,
        Op::UMod => unsigned(0)?.checked_rem(unsigned(1)?)?,
        Op::SRem => signed(0)?.checked_rem(signed(1)?)? as u64,
        Op::SNegate => signed(0)?.wrapping_neg() as u64,
        Op::ShiftLeftLogical => unsigned(0)?.checked_shl(u32::try_from(unsigned(1)?).ok()?)?,
        Op::ShiftRightLogical => unsigned(0)?.checked_shr(u32::try_from(unsigned(1)?).ok()?)?,
        Op::ShiftRightArithmetic => signed(0)?.checked_shr(u32::try_from(unsigned(1)?).ok()?)? as u64,
        Op::BitwiseAnd | Op::LogicalAnd => unsigned(0)? & unsigned(1)?,
        Op::BitwiseOr | Op::LogicalOr => unsigned(0)? | unsigned(1)?,
        Op::BitwiseXor => unsigned(0)? ^ unsigned(1)?,
        Op::Not => !unsigned(0)?,
        Op::LogicalNot => u64::from(unsigned(0)? == 0),
        Op::UConvert => unsigned(0)?,
        Op::SConvert => signed(0)? as u64,
        Op::Select => unsigned(if unsigned(0)? != 0 { 1 } else { 2 })?,
        Op::IEqual | Op::LogicalEqual => u64::from(unsigned(0)? == unsigned(1)?),
        Op::INotEqual | Op::LogicalNotEqual => u64::from(unsigned(0)? != unsigned(1)?),
        Op::ULessThan => u64::from(unsigned(0)? < unsigned(1)?),
        Op::ULessThanEqual => u64::from(unsigned(0)? <= unsigned(1)?),
        Op::UGreaterThan => u64::from(unsigned(0)? > unsigned(1)?),
        Op::UGreaterThanEqual => u64::from(unsigned(0)? >= unsigned(1)?),
        Op::SLessThan => u64::from(signed(0)? < signed(1)?),
        Op::SLessThanEqual => u64::from(signed(0)? <= signed(1)?),
        Op::SGreaterThan => u64::from(signed(0)? > signed(1)?),
        Op::SGreaterThanEqual => u64::from(signed(0)? >= signed(1)?),
        _ => return None,
    };
    let unused = 64 - width(module, ty);
    Some(value << unused >> unused)
}

/// Bits of an integer type, 1 to 64.
fn width(module: &Module, ty: u32) -> u32 {
    match module.types.get(&ty) {
        Some(RawType::Int { width, .. }) => (*width).clamp(1, 64),
        Some(RawType::Bool) => 1,
        _ => 64,
    }
}

fn sign_extend(value: u64, width: u32) -> i64 {
    let unused = 64 - width;
    (value << unused) as i64 >> unused
}
