<?php
/** Customers as the webhook contract has them: a row of `users` with its addresses. */
class ErpSync_CustomerSnapshot extends ErpSync_Snapshots
{
    /** @return array id => stamp, no, status, rec_ids, digest, snapshot; without those that are not there */
    public function read(array $ids)
    {
        $tables = $this->tables($ids, false);
        $customers = array();
        foreach (ErpSync_Rows::digests($tables) as $id => $digest) {
            $addresses = array();
            foreach (self::rowsOf($tables[1], $id) as $row) {
                $addresses[] = $this->address($row);
            }
            $snapshot = $this->customer($tables[0][$id][0], $addresses);
            $customers[$id] = array(
                'stamp' => $snapshot['reg_time'],
                'no' => '',
                'status' => null,
                'rec_ids' => array(),
                'digest' => $digest,
                'snapshot' => $snapshot,
            );
        }
        return $customers;
    }

    protected function tables(array $ids, $bare)
    {
        return array(
            $this->source->rows->of('users', 'user_id', $ids, array('bare' => $bare, 'order' => 't.user_id')),
            $this->source->rows->of('user_address', 'user_id', $ids, array('bare' => $bare, 'order' => 't.address_id')),
        );
    }

    private function customer(ErpSync_Row $row, array $addresses)
    {
        $customer = $row->each('id', array('user_id', 'user_rank', 'address_id'))
            + $row->each('int', array('sex', 'is_validated', 'reg_time'))
            + $row->each('text', array(
                'user_name', 'email', 'alias', 'mobile_phone', 'office_phone', 'home_phone', 'qq',
            ));
        return $customer + array(
            'birthday' => self::date($row->text('birthday')),
            'rank_name' => $this->source->methods->rankName($customer['user_rank']),
            'registered_at' => $this->source->time()->instant($customer['reg_time']),
            'addresses' => $addresses,
        ) + $row->rest();
    }

    private function address(ErpSync_Row $row)
    {
        return $row->each('id', array('address_id')) + $this->source->regions($row) + $row->each('text', array(
            'consignee', 'address', 'zipcode', 'tel', 'mobile', 'email', 'sign_building', 'best_time',
        )) + $row->rest();
    }

    /** ECShop stores 0000-00-00, or a year alone, for a birthday that was not told. */
    private static function date($stored)
    {
        $isDate = preg_match('/^(\d{4})-(\d{2})-(\d{2})$/', $stored, $part)
            && checkdate((int) $part[2], (int) $part[3], (int) $part[1]);
        return $isDate ? $stored : '';
    }
}
