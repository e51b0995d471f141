<?php
/**
 * What is in a package line. ECShop keeps no copy: it reads `package_goods` anew whenever it needs the members. So the
 * bridge writes down what a line held when it was first seen; only codes that were missing then are filled in later.
 */
class ErpSync_Packages
{
    /** @var ErpSync_Db */
    private $db;
    /** @var ErpSync_Columns */
    private $columns;

    public function __construct(ErpSync_Db $db, ErpSync_Columns $columns)
    {
        $this->db = $db;
        $this->columns = $columns;
    }

    /**
     * The members of package lines, for whoever multiplies them out; nothing is written down.
     * @param array $packages rec_id => package id (goods_id of the line)
     * @return array rec_id => members as PackageMember of the webhook contract
     */
    public function ofLines(array $packages)
    {
        $seen = new ErpSync_Seen($this->db);
        return $this->members($packages, $seen->lines(array_keys($packages)));
    }

    /**
     * @param array $packages rec_id => package id
     * @param array $memory rec_id => row of erpsync_line
     * @return array rec_id => members
     */
    public function members(array $packages, array $memory)
    {
        $frozen = array();
        $unseen = array();
        foreach ($packages as $recId => $packageId) {
            $kept = isset($memory[$recId]['package_goods']) ? json_decode($memory[$recId]['package_goods'], true) : null;
            if (is_array($kept)) {
                $frozen[$recId] = $kept;
            } else {
                $unseen[$recId] = $packageId;
            }
        }
        $defined = $this->defined($unseen);
        $members = $this->withCodes($frozen);
        foreach ($unseen as $recId => $packageId) {
            $members[$recId] = isset($defined[$packageId]) ? $defined[$packageId] : array();
        }
        return $members;
    }

    /** @return array package id => members as they are defined now */
    private function defined(array $packageIds)
    {
        if ($packageIds === array() || $this->columns->of('package_goods') === array()) {
            return array();
        }
        $hasSkus = in_array('product_id', $this->columns->of('package_goods'), true);
        $rows = $this->db->rows(
            'SELECT m.package_id, m.goods_id, ' . ($hasSkus ? 'm.product_id' : '0') . ' AS product_id, m.goods_number,
               g.goods_sn, g.goods_name, g.shop_price FROM {package_goods} m LEFT JOIN {goods} g ON g.goods_id = m.goods_id
             WHERE m.package_id IN (?) ORDER BY m.package_id, m.goods_id, product_id',
            array(array_values($packageIds))
        );
        $skus = $this->skus($rows);
        $members = array();
        foreach ($rows as $row) {
            $sku = isset($skus[$row['product_id']]) ? $skus[$row['product_id']] : array('sn' => '', 'extra' => 0);
            $members[$row['package_id']][] = array(
                'goods_id' => $row['goods_id'],
                'goods_sn' => ErpSync_Text::clean($row['goods_sn']),
                'goods_name' => ErpSync_Text::clean($row['goods_name']),
                'product_id' => $row['product_id'],
                'product_sn' => $sku['sn'],
                'goods_number' => (int) $row['goods_number'],
                'goods_price' => number_format((float) $row['shop_price'] + $sku['extra'], 2, '.', ''),
            );
        }
        return $members;
    }

    /** @return array product_id => sn, and extra: what its attributes add to the price (spec_price() of lib_goods.php) */
    private function skus(array $rows)
    {
        $ids = array();
        foreach ($rows as $row) {
            if ($row['product_id'] !== '0') {
                $ids[$row['product_id']] = $row['product_id'];
            }
        }
        $skus = array();
        $attributes = array();
        foreach ($ids === array() ? array() : $this->db->rows(
            'SELECT product_id, product_sn, goods_attr FROM {products} WHERE product_id IN (?)',
            array(array_values($ids))
        ) as $row) {
            $skus[$row['product_id']] = array('sn' => ErpSync_Text::clean($row['product_sn']), 'extra' => 0);
            $attributes[$row['product_id']] = array_filter(explode('|', (string) $row['goods_attr']), 'ctype_digit');
        }
        $wanted = $attributes === array() ? array() : call_user_func_array('array_merge', array_values($attributes));
        $prices = array();
        foreach ($wanted === array() ? array() : $this->db->rows(
            'SELECT goods_attr_id, attr_price FROM {goods_attr} WHERE goods_attr_id IN (?)',
            array($wanted)
        ) as $row) {
            $prices[$row['goods_attr_id']] = (float) $row['attr_price'];
        }
        foreach ($attributes as $productId => $ofSku) {
            foreach ($ofSku as $attribute) {
                $skus[$productId]['extra'] += isset($prices[$attribute]) ? $prices[$attribute] : 0;
            }
        }
        return $skus;
    }

    /** Fills in codes that a merchant gave since. */
    private function withCodes(array $frozen)
    {
        $missing = array('goods' => array(), 'products' => array());
        foreach ($frozen as $members) {
            foreach ($members as $member) {
                if ($member['product_id'] === '0' && $member['goods_sn'] === '') {
                    $missing['goods'][$member['goods_id']] = $member['goods_id'];
                } elseif ($member['product_id'] !== '0' && $member['product_sn'] === '') {
                    $missing['products'][$member['product_id']] = $member['product_id'];
                }
            }
        }
        foreach (array('goods' => array('goods_id', 'goods_sn'), 'products' => array('product_id', 'product_sn')) as $table => $names) {
            list($id, $sn) = $names;
            if ($missing[$table] === array()) {
                continue;
            }
            $codes = array();
            foreach ($this->db->rows(
                'SELECT ' . $id . ' AS id, ' . $sn . ' AS sn FROM {' . $table . '} WHERE ' . $id . ' IN (?)',
                array(array_values($missing[$table]))
            ) as $row) {
                $codes[$row['id']] = ErpSync_Text::clean($row['sn']);
            }
            foreach ($frozen as $recId => $members) {
                foreach ($members as $index => $member) {
                    if ($member[$sn] === '' && isset($codes[$member[$id]])) {
                        $frozen[$recId][$index][$sn] = $codes[$member[$id]];
                    }
                }
            }
        }
        return $frozen;
    }
}
